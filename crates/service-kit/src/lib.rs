//! What every service needs around its domain: principals, authorisation, errors, limits, the gRPC server
