"""What the cluster has when a task of the later notebooks begins, as objects."""

from typing import Any

from support.course import NOTEBOOKS, read, shop

Json = dict[str, Any]

INGRESS = read(*sorted((NOTEBOOKS / "policies/ingress").glob("*-allow-*.yaml")))
EGRESS = read(*sorted((NOTEBOOKS / "policies/egress").glob("*.yaml")))
BROKEN = read(*sorted((NOTEBOOKS / "policies/broken").glob("*.yaml")))
DENY: Json = read(NOTEBOOKS / "policies/ingress/00-default-deny-ingress.yaml")[0]
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
    "07-exam-2": [*CLUSTER, *INGRESS],
    "07-exam-3": [*CLUSTER, *INGRESS, DENY],
    "07-exam-4": [*CLUSTER, *INGRESS, DENY],
    "07-exam-5": [*CLUSTER, *applied(*INGRESS, BROKEN[1])],
    "07-exam-6": [*CLUSTER, *INGRESS, DENY, *EGRESS],
    "06-collector": [*CLUSTER, *MONITORING, *INGRESS, DENY],
    "07-bank": [*CLUSTER, *INGRESS, DENY, *EGRESS],
}
"""Where a task begins with more than the shop."""
