"""One Kubernetes node on this machine: an API endpoint, controllers, pods as processes, a dataplane that enforces.

Start and stop it with `helpers.localcluster.node.launch`; everything else is reached through the Kubernetes API.
"""
