//! The audit service: gRPC, reactions and read models over its domain
