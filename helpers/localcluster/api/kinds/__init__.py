"""The kinds that every cluster of the lab serves, one file each."""

from helpers.localcluster import habits
from helpers.localcluster.api.kinds.configmaps import CONFIG_MAPS
from helpers.localcluster.api.kinds.controllerrevisions import CONTROLLER_REVISIONS
from helpers.localcluster.api.kinds.cronjobs import CRON_JOBS
from helpers.localcluster.api.kinds.customresourcedefinitions import CUSTOM_RESOURCE_DEFINITIONS
from helpers.localcluster.api.kinds.daemonsets import DAEMON_SETS
from helpers.localcluster.api.kinds.deployments import DEPLOYMENTS
from helpers.localcluster.api.kinds.endpoints import ENDPOINTS
from helpers.localcluster.api.kinds.endpointslices import ENDPOINT_SLICES
from helpers.localcluster.api.kinds.events import EVENTS
from helpers.localcluster.api.kinds.flows import FLOWS
from helpers.localcluster.api.kinds.ingressclasses import INGRESS_CLASSES
from helpers.localcluster.api.kinds.ingresses import INGRESSES
from helpers.localcluster.api.kinds.jobs import JOBS
from helpers.localcluster.api.kinds.namespaces import NAMESPACES
from helpers.localcluster.api.kinds.networkpolicies import NETWORK_POLICIES
from helpers.localcluster.api.kinds.nodes import NODES
from helpers.localcluster.api.kinds.pods import PODS
from helpers.localcluster.api.kinds.refused import REFUSED
from helpers.localcluster.api.kinds.replicasets import REPLICA_SETS
from helpers.localcluster.api.kinds.rolebindings import CLUSTER_ROLE_BINDINGS, ROLE_BINDINGS
from helpers.localcluster.api.kinds.roles import CLUSTER_ROLES, ROLES
from helpers.localcluster.api.kinds.secrets import SECRETS
from helpers.localcluster.api.kinds.serviceaccounts import SERVICE_ACCOUNTS
from helpers.localcluster.api.kinds.services import SERVICES
from helpers.localcluster.api.kinds.statefulsets import STATEFUL_SETS
from helpers.localcluster.api.resource import Resource

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
        *((FLOWS,) if habits.here().flow_log else ()),
    )
}
