"""The cluster's own workloads: DNS, and the way from pods to the API.

Missing objects are put back at every start; what a learner has changed in them stays.
"""

from typing import Any

from helpers.localcluster.api.storage.store import Store
from helpers.localcluster.dataplane.addresses import API_PORT, DNS_SERVICE, NODE_ADDRESS

Object = dict[str, Any]

DNS_ADDRESS = "10.96.0.10"
COREDNS_IMAGE = "registry.k8s.io/coredns/coredns:v1.13.1"
_NAMESPACE, _SERVICE = DNS_SERVICE
_LABELS = {"k8s-app": "kube-dns"}


def ensure(store: Store) -> None:
    """Create what is missing."""
    for key, item in (
        ("endpointslices.discovery.k8s.io", _api_endpoints()),
        ("serviceaccounts", _made("v1", "ServiceAccount", "coredns", _NAMESPACE)),
        ("services", _dns_service()),
        ("deployments.apps", _coredns()),
    ):
        if store.get(key, item["metadata"]["namespace"], item["metadata"]["name"]) is None:
            store.create(key, store.kinds[key].default(item))


def _made(
    version: str, kind: str, name: str, namespace: str, labels: dict[str, str] | None = None, **fields: Any
) -> Object:
    metadata: Object = {"name": name, "namespace": namespace, **({"labels": labels} if labels else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


def _api_endpoints() -> Object:
    """The Service `kubernetes` selects no pods: its endpoint is the node."""
    return _made(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        "kubernetes",
        "default",
        {"kubernetes.io/service-name": "kubernetes"},
        addressType="IPv4",
        endpoints=[{"addresses": [NODE_ADDRESS], "conditions": {"ready": True}}],
        ports=[{"name": "https", "port": API_PORT, "protocol": "TCP"}],
    )


def _dns_service() -> Object:
    labels = {**_LABELS, "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS"}
    ports = [
        {"name": name, "port": 53, "targetPort": 53, "protocol": protocol}
        for name, protocol in (("dns", "UDP"), ("dns-tcp", "TCP"))
    ]
    return _made(
        "v1",
        "Service",
        _SERVICE,
        _NAMESPACE,
        labels,
        spec={
            "type": "ClusterIP",
            "clusterIP": DNS_ADDRESS,
            "clusterIPs": [DNS_ADDRESS],
            "ports": ports,
            "selector": _LABELS,
        },
    )


def _coredns() -> Object:
    container = {
        "name": "coredns",
        "image": COREDNS_IMAGE,
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
        ],
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "failureThreshold": 5},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}},
    }
    template = {
        "metadata": {"labels": _LABELS},
        "spec": {"containers": [container], "serviceAccountName": "coredns", "dnsPolicy": "Default"},
    }
    return _made(
        "apps/v1",
        "Deployment",
        "coredns",
        _NAMESPACE,
        {**_LABELS, "kubernetes.io/name": "CoreDNS"},
        spec={
            "selector": {"matchLabels": _LABELS},
            "template": template,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}},
        },
    )
