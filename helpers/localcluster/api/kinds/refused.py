"""Kinds that real clusters have and this one refuses: clients find them, and are told why."""

from helpers.localcluster.api.resource import Resource

_NOT_HERE = "is not part of this lab's cluster"
_LISTED = "`kubectl api-resources` lists what is"
_STORAGE = "pods here are processes that see this machine's files, so there is no storage to ask for"
_LIMITS = "pods here share this machine, and nothing limits or measures them"
_ADMISSION = "this lab admits what Kubernetes itself would, and calls nobody about it"

# group/version, plural, kind, namespaced, short name, why
_TABLE = (
    ("autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, "hpa",
     "nothing here measures load; set the number of pods with `kubectl scale`"),
    ("autoscaling/v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, "hpa",
     "nothing here measures load; set the number of pods with `kubectl scale`"),
    ("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", True, "pdb",
     "with one node nobody is moved away, so there is no disruption to limit"),
    ("v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, "pvc", _STORAGE),
    ("v1", "persistentvolumes", "PersistentVolume", False, "pv", _STORAGE),
    ("storage.k8s.io/v1", "storageclasses", "StorageClass", False, "sc", _STORAGE),
    ("v1", "resourcequotas", "ResourceQuota", True, "quota", _LIMITS),
    ("v1", "limitranges", "LimitRange", True, "limits", _LIMITS),
    ("v1", "replicationcontrollers", "ReplicationController", True, "rc", "write a Deployment instead"),
    ("v1", "podtemplates", "PodTemplate", True, "", "write a Deployment instead"),
    ("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", False, "pc", _LIMITS),
    ("node.k8s.io/v1", "runtimeclasses", "RuntimeClass", False, "", "pods here are processes, in one way only"),
    ("coordination.k8s.io/v1", "leases", "Lease", True, "", _LISTED),
    ("certificates.k8s.io/v1", "certificatesigningrequests", "CertificateSigningRequest", False, "csr", _LISTED),
    ("admissionregistration.k8s.io/v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False, "",
     _ADMISSION),
    ("admissionregistration.k8s.io/v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False, "",
     _ADMISSION),
    ("admissionregistration.k8s.io/v1", "validatingadmissionpolicies", "ValidatingAdmissionPolicy", False, "",
     _ADMISSION),
    ("apiregistration.k8s.io/v1", "apiservices", "APIService", False, "", _LISTED),
)  # fmt: skip


def _refused(group_version: str, plural: str, kind: str, namespaced: bool, short_name: str, why: str) -> Resource:
    group, _, version = group_version.rpartition("/")
    name = f"{plural}.{group}" if group else plural
    short_names = (short_name,) if short_name else ()
    # Without verbs a kind is found by its name, and not listed by `kubectl api-resources`.
    refusal = f"{name} {_NOT_HERE}; {why}"
    return Resource(group, version, plural, kind, namespaced, short_names, verbs=(), refusal=refusal)


REFUSED = tuple(_refused(*row) for row in _TABLE)
