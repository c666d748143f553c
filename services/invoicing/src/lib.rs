//! The invoicing service: gRPC, reactions and read models over its domain
