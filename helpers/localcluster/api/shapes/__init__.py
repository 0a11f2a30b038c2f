"""What objects are made of: schema, decoding, patches, OpenAPI."""
