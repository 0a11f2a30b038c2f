"""How lists merge in a strategic merge patch: by which key, field by field.

Models and OpenAPI types don't say this; a list that isn't here is replaced as
a whole. These are facts of the Kubernetes API.
"""

_CONTAINER = {"env": "name", "ports": "containerPort", "volumeDevices": "devicePath", "volumeMounts": "mountPath"}
_CONDITIONS = {"conditions": "type"}

# structure → field → merge key
MERGE_KEYS: dict[str, dict[str, str]] = {
    "Container": _CONTAINER,
    "EphemeralContainer": _CONTAINER,
    "ContainerStatus": {"allocatedResourcesStatus": "name", "volumeMounts": "mountPath"},
    "DeploymentStatus": _CONDITIONS,
    "NamespaceStatus": _CONDITIONS,
    "NodeStatus": {"addresses": "type", **_CONDITIONS},
    "ObjectMeta": {"ownerReferences": "uid"},
    "PodSpec": {
        "containers": "name",
        "ephemeralContainers": "name",
        "evictionResponders": "name",
        "hostAliases": "ip",
        "imagePullSecrets": "name",
        "initContainers": "name",
        "resourceClaims": "name",
        "schedulingGates": "name",
        "topologySpreadConstraints": "topologyKey",
        "volumes": "name",
    },
    "PodStatus": {
        "hostIPs": "ip",
        "podIPs": "ip",
        "resourceClaimStatuses": "name",
        **_CONDITIONS,
    },
    "ReplicaSetStatus": _CONDITIONS,
    "ServiceAccount": {"secrets": "name"},
    "ServiceSpec": {"ports": "port"},
    "ServiceStatus": _CONDITIONS,
}
# Lists of plain values that merge as sets.
MERGE_SETS: frozenset[tuple[str, str]] = frozenset((("ObjectMeta", "finalizers"), ("NodeSpec", "podCIDRs")))
