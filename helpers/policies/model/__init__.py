"""What the engine knows: pods, Services, policies and their rules, as immutable records."""

from helpers.policies.model.pods import NAMESPACE_NAME_LABEL, ContainerPort, Pod
from helpers.policies.model.policies import (
    EGRESS,
    INGRESS,
    NETWORK_POLICIES,
    Action,
    Namespaces,
    Peer,
    Policy,
    PortRule,
    Rule,
    RuleRef,
    Tier,
    labels_of_namespace,
)
from helpers.policies.model.services import Service, ServicePort
from helpers.policies.model.workloads import Workload

__all__ = [
    "EGRESS",
    "INGRESS",
    "NAMESPACE_NAME_LABEL",
    "NETWORK_POLICIES",
    "Action",
    "ContainerPort",
    "Namespaces",
    "Peer",
    "Pod",
    "Policy",
    "PortRule",
    "Rule",
    "RuleRef",
    "Service",
    "ServicePort",
    "Tier",
    "Workload",
    "labels_of_namespace",
]
