"""Whether a container is well."""
