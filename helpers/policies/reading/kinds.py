"""What is known of kinds: which exist, which are policies of other engines, which say nothing about connections."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

_BUILT_IN = {
    "": "Binding ComponentStatus ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume "
    "PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount",
    "admissionregistration.k8s.io": "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding "
    "MutatingWebhookConfiguration ValidatingAdmissionPolicy "
    "ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration",
    "apiextensions.k8s.io": "CustomResourceDefinition",
    "apiregistration.k8s.io": "APIService",
    "apps": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "autoscaling": "HorizontalPodAutoscaler Scale",
    "batch": "CronJob Job",
    "certificates.k8s.io": "CertificateSigningRequest ClusterTrustBundle PodCertificateRequest",
    "coordination.k8s.io": "Lease LeaseCandidate",
    "discovery.k8s.io": "EndpointSlice",
    "events.k8s.io": "Event",
    "extensions": "DaemonSet Deployment Ingress NetworkPolicy PodSecurityPolicy ReplicaSet",
    "flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io": "IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR",
    "node.k8s.io": "RuntimeClass",
    "policy": "Eviction PodDisruptionBudget PodSecurityPolicy",
    "rbac.authorization.k8s.io": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "resource.k8s.io": "DeviceClass DeviceTaintRule ResourceClaim ResourceClaimTemplate ResourceSlice",
    "scheduling.k8s.io": "PriorityClass Workload",
    "storage.k8s.io": "CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass",
}
BUILT_IN: Mapping[str, frozenset[str]] = {group: frozenset(kinds.split()) for group, kinds in _BUILT_IN.items()}
"""API group of every cluster -> its kinds."""

EVERYWHERE: Mapping[str, str] = {name: group for group, names in BUILT_IN.items() for name in names}
"""Kind that every cluster has -> its API group."""

TEMPLATES = {
    "Deployment": ("template",),
    "ReplicaSet": ("template",),
    "StatefulSet": ("template",),
    "DaemonSet": ("template",),
    "Job": ("template",),
    "ReplicationController": ("template",),
    "CronJob": ("jobTemplate", "spec", "template"),
}
"""Kind of workload -> where its spec holds the pod template."""

DECIDING = frozenset({"NetworkPolicy", "Namespace", "Pod", "Service", *TEMPLATES})
"""The kinds of every cluster on which verdicts rest."""

ENGINES: Mapping[str, tuple[str, frozenset[str]]] = {
    "projectcalico.org": ("Calico", frozenset({"Tier", "Profile", "HostEndpoint"})),
    "crd.projectcalico.org": ("Calico", frozenset({"Tier", "Profile", "HostEndpoint"})),
    "cilium.io": ("Cilium", frozenset()),
    "policy.networking.k8s.io": ("the whole cluster", frozenset()),
    "crd.antrea.io": ("Antrea", frozenset({"Tier"})),
    "security.istio.io": ("Istio", frozenset({"PeerAuthentication", "RequestAuthentication"})),
    "policy.linkerd.io": ("Linkerd", frozenset({"Server", "ServerAuthorization"})),
    "kuma.io": ("Kuma", frozenset({"MeshTrafficPermission", "TrafficPermission"})),
    "consul.hashicorp.com": ("Consul", frozenset({"ServiceIntentions"})),
    "k8s.ovn.org": ("OVN-Kubernetes", frozenset({"EgressFirewall"})),
    "network.openshift.io": ("OpenShift SDN", frozenset({"NetNamespace"})),
    "networking.gke.io": ("GKE", frozenset()),
    "networking.k8s.aws": ("Amazon's CNI", frozenset({"PolicyEndpoint"})),
    "vpcresources.k8s.aws": ("Amazon's CNI", frozenset()),
}
"""API group of another policy engine -> its name, and the kinds that decide though no policy by name."""

DEPLOYING = frozenset(
    {
        ("kustomize.config.k8s.io", "Kustomization"),
        ("kustomize.config.k8s.io", "Component"),
        ("kustomize.toolkit.fluxcd.io", "Kustomization"),
        ("helm.toolkit.fluxcd.io", "HelmRelease"),
        ("helm.cattle.io", "HelmChart"),
        ("argoproj.io", "Application"),
        ("argoproj.io", "ApplicationSet"),
        ("template.openshift.io", "Template"),
        ("", "Template"),
    }
)
"""(group, kind) of what stands for other manifests."""

WITH_PODS = frozenset(
    {"Prometheus", "PrometheusAgent", "Alertmanager", "ThanosRuler", "Workflow", "CronWorkflow", "BuildConfig", "Build"}
)
"""Kinds of the silent groups that make pods after all."""

SILENT = frozenset(
    {
        "acme.cert-manager.io",
        "autoscaling.k8s.io",
        "bitnami.com",
        "cert-manager.io",
        "config.openshift.io",
        "external-secrets.io",
        "gateway.networking.k8s.io",
        "image.openshift.io",
        "keda.sh",
        "metrics.k8s.io",
        "monitoring.coreos.com",
        "networking.istio.io",
        "build.openshift.io",
        "route.openshift.io",
        "security.openshift.io",
        "snapshot.storage.k8s.io",
        "telemetry.istio.io",
        "traefik.containo.us",
        "traefik.io",
        "project.openshift.io",
    }
)
"""API groups of further kinds that neither make pods nor decide about connections."""

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
KUSTOMIZE_API = "kustomize.config.k8s.io/v1beta1"


class Kind(NamedTuple):
    """An object's kind; `group` is None for one that doesn't say its API version."""

    name: str
    group: str | None
    api: str

    @property
    def stands_for_others(self) -> bool:
        """Whether it stands for other manifests, to be built first."""
        return (self.group, self.name) in DEPLOYING

    def among(self, *groups: str) -> bool:
        """Whether it may be of one of these groups."""
        return self.group is None or self.group in groups


def kind_of(item: Mapping[str, Any]) -> Kind:
    name, api = item.get("kind"), item.get("apiVersion")
    return _kind(name if isinstance(name, str) else "", api if isinstance(api, str) else "")


@lru_cache(maxsize=1024)
def _kind(name: str, api: str) -> Kind:
    group = api.rpartition("/")[0]
    return Kind(name, group if api else None, api)
