//! The gRPC API of all services, generated from proto/
