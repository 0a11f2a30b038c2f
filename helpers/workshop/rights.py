"""What an attendee may do on a shared cluster: what the course's cells do, and nothing else."""

from typing import Any

READ = ["get", "list", "watch"]
CHANGE = [*READ, "create", "delete", "patch", "update"]
Rule = dict[str, Any]


def _rule(group: str, resources: str, verbs: list[str]) -> Rule:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs}


WORK = [
    _rule("", "configmaps pods serviceaccounts services", CHANGE),
    _rule("", "pods/log", ["get"]),
    _rule("", "pods/exec pods/portforward", ["create", "get"]),
    _rule("", "pods/ephemeralcontainers", ["get", "patch", "update"]),
    _rule("", "endpoints events", READ),
    _rule("apps", "deployments", CHANGE),
    _rule("apps", "deployments/scale", ["get", "patch", "update"]),
    _rule("apps", "replicasets", READ),
    _rule("discovery.k8s.io", "endpointslices", READ),
    _rule("networking.k8s.io", "networkpolicies", CHANGE),
    _rule("networking.k8s.io", "ingresses", READ),
]
"""In each namespace of a seat."""
LABELLING = [_rule("", "namespaces", ["get", "patch"])]
"""In the sandbox besides: its own labels, the one task on a namespace."""
DNS = [
    _rule("", "pods services", READ),
    _rule("discovery.k8s.io", "endpointslices", READ),
    _rule("networking.k8s.io", "networkpolicies", READ),
]
"""In kube-system: where the cluster's DNS is, which egress policies have to name."""
EVERYWHERE = [_rule("", "namespaces nodes", READ)]

MOST = {"pods": "60", "services": "30", "services.loadbalancers": "2", "configmaps": "30", "secrets": "30",
        "persistentvolumeclaims": "0", "count/deployments.apps": "30"}  # fmt: skip
"""The quota of a seat's own namespace: the shop twice over, as a roll-out takes it."""
MOST_BESIDE = MOST | {"pods": "12", "services": "6", "services.loadbalancers": "0", "count/deployments.apps": "6"}
