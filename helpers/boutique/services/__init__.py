"""The shop's gRPC services, one module each."""
