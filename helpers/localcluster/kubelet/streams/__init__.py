"""What runs between a container and the API: logs, exec, attach."""
