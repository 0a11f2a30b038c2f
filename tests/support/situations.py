"""What the cluster has when a task of the later notebooks begins, as objects."""

from typing import Any

from support.course import NOTEBOOKS, read, shop

Json = dict[str, Any]

INGRESS = read(*sorted((NOTEBOOKS / "policies/ingress").glob("*.yaml")))
EGRESS = read(*sorted((NOTEBOOKS / "policies/egress").glob("*.yaml")))
BROKEN = read(*sorted((NOTEBOOKS / "policies/broken").glob("*.yaml")))
DENY: Json = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "default-deny-ingress", "namespace": "default"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
}
DNS: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "coredns", "namespace": "kube-system"},
    "spec": {
        "template": {
            "metadata": {"labels": {"k8s-app": "kube-dns"}},
            "spec": {
                "containers": [
                    {
                        "name": "coredns",
                        "ports": [
                            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
                            {"name": "dns-tcp", "containerPort": 53},
                        ],
                    }
                ]
            },
        }
    },
}


def namespace(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def deployment(name: str, where: str) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": where},
        "spec": {"template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": []}}},
    }


CLUSTER = [namespace("default"), namespace("kube-system"), DNS, *shop()]
MONITORING = [namespace("monitoring"), deployment("collector", "monitoring"), deployment("visitor", "monitoring")]


def applied(*policies: Json) -> list[Json]:
    """Policies applied one after the other: of two with one name the later counts."""
    return list({item["metadata"]["name"]: item for item in policies}.values())


BEGINNINGS: dict[str, list[Json]] = {
    "05-collection": [*CLUSTER, *applied(*INGRESS, *BROKEN)],
    "06-collector": [*CLUSTER, *MONITORING, *INGRESS, DENY],
    "07-bank": [*CLUSTER, *INGRESS, *EGRESS],
}
"""Where a task begins with more than the shop."""
