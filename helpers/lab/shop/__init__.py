"""The shop in a cluster: deployed, restarted, visited."""
