"""The kinds that every cluster of the lab serves, one file each."""

from ..resource import Resource
from .configmaps import CONFIG_MAPS
from .deployments import DEPLOYMENTS
from .endpointslices import ENDPOINT_SLICES
from .events import EVENTS
from .flows import FLOWS
from .namespaces import NAMESPACES
from .networkpolicies import NETWORK_POLICIES
from .nodes import NODES
from .pods import PODS
from .refused import REFUSED
from .replicasets import REPLICA_SETS
from .secrets import SECRETS
from .serviceaccounts import SERVICE_ACCOUNTS
from .services import SERVICES

__all__ = [
    "CONFIG_MAPS",
    "DEPLOYMENTS",
    "ENDPOINT_SLICES",
    "EVENTS",
    "FLOWS",
    "NAMESPACES",
    "NETWORK_POLICIES",
    "NODES",
    "PODS",
    "REFUSED",
    "REPLICA_SETS",
    "RESOURCES",
    "SECRETS",
    "SERVICES",
    "SERVICE_ACCOUNTS",
]

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
