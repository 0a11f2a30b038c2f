"""What belongs to the cluster itself, which labels tell a workload from others, and what it is called for short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from helpers.policies.model.pods import Pod

INGRESS_CONTROLLER, API_SERVER = "{ingress-controller}", "{api-server}"
"""Ends whose pod or address isn't in the input: what brings the outside's calls in, and the cluster's API server."""

BUILT_IN = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
"""The namespaces that every cluster has from its beginning."""

_SYSTEM = frozenset(
    {
        "cert-manager",
        "cilium-secrets",
        "gatekeeper-system",
        "ingress-nginx",
        "istio-system",
        "linkerd",
        "local-path-storage",
        "longhorn-system",
        "metallb-system",
        "cattle-system",
        "flux-system",
        "kyverno",
        "knative-serving",
        "knative-eventing",
        "olm",
        "operators",
        "projectcontour",
        "rook-ceph",
        "traefik",
        "velero",
    }
)
_SYSTEM_PREFIXES = (
    "kube-",
    "calico-",
    "tigera-",
    "openshift-",
    "istio-",
    "linkerd-",
    "gke-",
    "gmp-",
    "aks-",
    "amazon-",
    "azure-",
    "cattle-",
)


def is_system(namespace: str | None) -> bool:
    """Whether a namespace belongs to the cluster (or to what is installed for all of it), not to an application."""
    return namespace is not None and (namespace in _SYSTEM or namespace.startswith(_SYSTEM_PREFIXES))


TELLING = ("app.kubernetes.io/name", "app", "k8s-app", "name", "run", "app.kubernetes.io/component", "component")
"""The labels by which people tell workloads apart, the most usual one first."""

_FLEETING = (
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "statefulset.kubernetes.io/",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/",
    "controller-uid",
    "job-name",
    "rollouts-pod-template-hash",
)
"""Beginnings of labels that differ between a workload's pods or its versions."""


def lasting_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that all pods of a workload share, for its whole life."""
    return {key: value for key, value in labels.items() if not key.startswith(_FLEETING)}


def telling_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The one label by which a policy should name these pods; without one, all that last."""
    lasting = lasting_labels(labels)
    return next(({key: lasting[key]} for key in TELLING if key in lasting), lasting)


_BRINGING = frozenset(
    {
        "ingress-nginx",
        "nginx-ingress",
        "nginx-gateway",
        "nginx-gateway-fabric",
        "traefik",
        "haproxy-ingress",
        "kubernetes-ingress",
        "contour",
        "envoy",
        "kong",
        "istio-ingressgateway",
        "emissary-ingress",
        "ambassador",
        "apisix",
        "skipper",
        "ingress-controller",
        "kubernetes-ingress-controller",
        "nginx-ingress-controller",
    }
)
_BRINGING_LABELS = (
    "gateway.networking.k8s.io/gateway-name",
    "ingresscontroller.operator.openshift.io/deployment-ingresscontroller",
)
_BESIDE = frozenset({"admission-webhook", "default-backend", "defaultbackend"})


def brings_calls_in(pod: Pod) -> bool:
    """Whether a pod is an ingress controller or a gateway, as its labels tell."""
    if any(label in pod.labels for label in _BRINGING_LABELS):
        return True
    return any(pod.labels.get(key) in _BRINGING for key in TELLING) and not any(
        pod.labels.get(key) in _BESIDE for key in TELLING
    )


def short_name(pod: Pod) -> str:
    """The name of a pod's workload without the word service: shippingservice is `shipping`."""
    name = pod.workload.partition("/")[2].lower()
    for ending in ("-service", "service", "-svc"):
        if name.endswith(ending) and len(name) > len(ending):
            return name.removesuffix(ending)
    return name
