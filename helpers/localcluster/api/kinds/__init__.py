"""The kinds that every cluster of the lab serves, one file each."""

from ..resource import Resource
from .configmaps import CONFIG_MAPS
from .controllerrevisions import CONTROLLER_REVISIONS
from .cronjobs import CRON_JOBS
from .customresourcedefinitions import CUSTOM_RESOURCE_DEFINITIONS
from .daemonsets import DAEMON_SETS
from .deployments import DEPLOYMENTS
from .endpoints import ENDPOINTS
from .endpointslices import ENDPOINT_SLICES
from .events import EVENTS
from .flows import FLOWS
from .ingressclasses import INGRESS_CLASSES
from .ingresses import INGRESSES
from .jobs import JOBS
from .namespaces import NAMESPACES
from .networkpolicies import NETWORK_POLICIES
from .nodes import NODES
from .pods import PODS
from .refused import REFUSED
from .replicasets import REPLICA_SETS
from .rolebindings import CLUSTER_ROLE_BINDINGS, ROLE_BINDINGS
from .roles import CLUSTER_ROLES, ROLES
from .secrets import SECRETS
from .serviceaccounts import SERVICE_ACCOUNTS
from .services import SERVICES
from .statefulsets import STATEFUL_SETS

__all__ = [
    "CLUSTER_ROLES",
    "CLUSTER_ROLE_BINDINGS",
    "CONFIG_MAPS",
    "CONTROLLER_REVISIONS",
    "CRON_JOBS",
    "CUSTOM_RESOURCE_DEFINITIONS",
    "DAEMON_SETS",
    "DEPLOYMENTS",
    "ENDPOINTS",
    "ENDPOINT_SLICES",
    "EVENTS",
    "FLOWS",
    "INGRESSES",
    "INGRESS_CLASSES",
    "JOBS",
    "NAMESPACES",
    "NETWORK_POLICIES",
    "NODES",
    "PODS",
    "REFUSED",
    "REPLICA_SETS",
    "RESOURCES",
    "ROLES",
    "ROLE_BINDINGS",
    "SECRETS",
    "SERVICES",
    "SERVICE_ACCOUNTS",
    "STATEFUL_SETS",
]

RESOURCES: dict[str, Resource] = {
    resource.key: resource
    for resource in (
        NAMESPACES,
        NODES,
        PODS,
        SERVICES,
        ENDPOINTS,
        SERVICE_ACCOUNTS,
        CONFIG_MAPS,
        SECRETS,
        EVENTS,
        DEPLOYMENTS,
        REPLICA_SETS,
        STATEFUL_SETS,
        DAEMON_SETS,
        CONTROLLER_REVISIONS,
        JOBS,
        CRON_JOBS,
        NETWORK_POLICIES,
        INGRESSES,
        INGRESS_CLASSES,
        ENDPOINT_SLICES,
        ROLES,
        ROLE_BINDINGS,
        CLUSTER_ROLES,
        CLUSTER_ROLE_BINDINGS,
        CUSTOM_RESOURCE_DEFINITIONS,
        FLOWS,
    )
}
