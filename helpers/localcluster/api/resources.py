"""Which kinds the cluster serves, and what is known about each."""

from dataclasses import dataclass

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
POD_FIELDS = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
)
EVENT_FIELDS = (
    *(
        f"involvedObject.{field}"
        for field in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
    ),
    "reason",
    "reportingComponent",
    "source",
    "type",
)


@dataclass(frozen=True)
class Resource:
    """One kind: its names, its place in the URL space and its habits.

    `field_labels` are what `--field-selector` takes besides metadata.name and
    metadata.namespace. `counts_generation` says whether a change of `spec`
    bumps metadata.generation. A `virtual` resource isn't in the store.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    field_labels: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    counts_generation: bool = False
    virtual: bool = False

    @property
    def key(self) -> str:
        """`pods` or `deployments.apps`: how the store and messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def group_version(self) -> str:
        """What objects carry as `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def base_path(self) -> str:
        """URL prefix of the group and version, without a trailing slash."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


NAMESPACES = Resource(
    "",
    "v1",
    "namespaces",
    "Namespace",
    namespaced=False,
    short_names=("ns",),
    subresources=("status",),
    field_labels=("status.phase",),
    verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
)
NODES = Resource(
    "",
    "v1",
    "nodes",
    "Node",
    namespaced=False,
    short_names=("no",),
    subresources=("status",),
    field_labels=("spec.unschedulable",),
    verbs=("delete", "get", "list", "patch", "update", "watch"),
)
PODS = Resource(
    "",
    "v1",
    "pods",
    "Pod",
    short_names=("po",),
    categories=("all",),
    subresources=("status", "log", "exec", "attach", "portforward", "ephemeralcontainers"),
    field_labels=POD_FIELDS,
    counts_generation=True,
)
SERVICES = Resource(
    "",
    "v1",
    "services",
    "Service",
    short_names=("svc",),
    categories=("all",),
    subresources=("status",),
    field_labels=("spec.clusterIP", "spec.type"),
)
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount", short_names=("sa",))
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap", short_names=("cm",))
SECRETS = Resource("", "v1", "secrets", "Secret", field_labels=("type",))
EVENTS = Resource("", "v1", "events", "Event", short_names=("ev",), field_labels=EVENT_FIELDS)
DEPLOYMENTS = Resource(
    "apps",
    "v1",
    "deployments",
    "Deployment",
    short_names=("deploy",),
    categories=("all",),
    subresources=("status", "scale"),
    counts_generation=True,
)
REPLICA_SETS = Resource(
    "apps",
    "v1",
    "replicasets",
    "ReplicaSet",
    short_names=("rs",),
    categories=("all",),
    subresources=("status", "scale"),
    field_labels=("status.replicas",),
    counts_generation=True,
)
NETWORK_POLICIES = Resource(
    "networking.k8s.io",
    "v1",
    "networkpolicies",
    "NetworkPolicy",
    short_names=("netpol",),
    counts_generation=True,
)
ENDPOINT_SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
FLOWS = Resource(
    "lab.hipster-shop.dev",
    "v1",
    "flows",
    "Flow",
    namespaced=False,
    verbs=("get", "list", "watch"),
    virtual=True,
)

RESOURCES: dict[str, Resource] = {
    resource.key: resource
    for resource in (
        NAMESPACES,
        NODES,
        PODS,
        SERVICES,
        SERVICE_ACCOUNTS,
        CONFIG_MAPS,
        SECRETS,
        EVENTS,
        DEPLOYMENTS,
        REPLICA_SETS,
        NETWORK_POLICIES,
        ENDPOINT_SLICES,
        FLOWS,
    )
}
BY_PATH: dict[tuple[str, str, str], Resource] = {(r.group, r.version, r.plural): r for r in RESOURCES.values()}
