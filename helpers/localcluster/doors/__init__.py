"""The ways in from outside the cluster: the shop's, Ingresses, node ports."""
