"""The loops that make the cluster what its objects say: Deployments, ReplicaSets, EndpointSlices, namespaces, owners."""
