"""Rules about DNS: pods whose policies keep them from asking for names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from helpers.policies.application.fields import name_of
from helpers.policies.linting.addressing import single
from helpers.policies.linting.case import Case, names_of
from helpers.policies.linting.findings import ERROR, WARNING, Finding, report
from helpers.policies.linting.presence import DNS_POD
from helpers.policies.model import EGRESS, Pod, Policy, Rule
from helpers.policies.model.addresses import is_address
from helpers.policies.wording import listed

_DNS = 53
_LABELLED = (
    ("kube-system", "k8s-app", "kube-dns"),
    ("kube-system", "k8s-app", "coredns"),
    ("openshift-dns", "dns.operator.openshift.io/daemonset-dns", "default"),
)
"""(namespace, label, value) of the pods that answer for the cluster."""
_NODE_LOCAL, _NODE_LOCAL_ADDRESS = "node-local-dns", "169.254.20.10"


class Asking(NamedTuple):
    """Pods that ask the same servers under the same policies. `servers` are pods or addresses, none where they
    aren't known; `cache` is the address of NodeLocal DNS, if the cluster has it and they ask it."""

    policies: tuple[Policy, ...]
    pods: tuple[Pod, ...]
    servers: tuple[Pod | str, ...]
    cache: str


def dns_cut_off(case: Case) -> Iterator[Finding]:
    """Egress-isolated pods that may call others and can't ask the cluster's DNS over UDP 53."""
    yield from _dns(case, "UDP", "dns-cut-off", ERROR)


def dns_without_tcp(case: Case) -> Iterator[Finding]:
    """Pods that can ask DNS over UDP and not over TCP, which long answers need."""
    yield from _dns(case, "TCP", "dns-without-tcp", WARNING)


def _dns(case: Case, protocol: str, rule: str, severity: str) -> Iterator[Finding]:
    spaces: dict[str, list[Asking]] = {}
    for asking in _asking(case):
        if (
            not _answered(case, asking, protocol)
            and (protocol == "UDP" or _answered(case, asking, "UDP"))
            and _calls_somebody(case, asking)
        ):
            spaces.setdefault(asking.pods[0].namespace, []).append(asking)
    what = (
        "resolve no name, so every call by name fails"
        if protocol == "UDP"
        else ("ask DNS over UDP only; long answers come over TCP 53")
    )
    for namespace, found in spaces.items():
        policies = list(dict.fromkeys(policy for asking in found for policy in asking.policies))
        policy = next((one for one in policies if one.egress), policies[0])
        names = listed(names_of([pod for asking in found for pod in asking.pods]), most=4)
        yield report(
            rule,
            severity,
            policy,
            "spec.egress",
            f"{names} in {namespace} can {what}: {listed(one.key for one in policies)} "
            f"isolate{'s' if len(policies) == 1 else ''} egress and nothing allows {protocol} 53 to the "
            "cluster's DNS.",
            f"Allow UDP and TCP 53 to {_servers_text(found[0])}.",
        )


def _servers_text(asking: Asking) -> str:
    pods = [server for server in asking.servers if isinstance(server, Pod)]
    if not pods and asking.servers:
        return f"ipBlock {listed(single(str(server)) for server in asking.servers)}"
    for namespace, key, value in _LABELLED:
        if any(pod.namespace == namespace and pod.labels.get(key) == value for pod in pods):
            return f"pods with {key}={value} in namespace {namespace}"
    return "pods with k8s-app=kube-dns in namespace kube-system"


def node_local_dns(case: Case) -> Iterator[Finding]:
    """Pods that may ask the DNS pods and not the cache on their node, which is whom they ask where there is one."""
    cut: dict[tuple[str, Policy], list[Pod]] = {}
    for asking in _asking(case):
        if (
            asking.cache
            and _answered(case, asking, "UDP")
            and not case.lets_out(asking.pods[0], asking.cache, _DNS, "UDP")
        ):
            policy = next(
                (one for one in asking.policies for rule in one.egress or () if _speaks_of_dns(rule, "UDP")),
                asking.policies[0],
            )
            cut.setdefault((asking.cache, policy), []).extend(asking.pods)
    for (cache, policy), pods in cut.items():
        yield report(
            "node-local-dns",
            WARNING,
            policy,
            "spec.egress",
            f"{listed(names_of(pods), most=4)} in {policy.namespace} may ask the cluster's DNS pods, but not "
            f"NodeLocal DNS at {cache}, which answers pods on their own node: it uses the node's network, so "
            "no selector means it.",
            f"Allow UDP and TCP 53 to ipBlock {cache}/32 too.",
        )


def _node_local(case: Case) -> str:
    """The address of NodeLocal DNS, if the input shows that the cluster has it."""
    for pod in case.world.pods:
        if _NODE_LOCAL in (pod.labels.get("k8s-app"), pod.workload.partition("/")[2]):
            found = re.search(r"-localip[=\s,'\"]+(169\.254\.\d{1,3}\.\d{1,3})", str(_spec(pod).get("containers")))
            return found[1] if found else _NODE_LOCAL_ADDRESS
    if any(name_of(item) == _NODE_LOCAL for item in case.objects("ConfigMap")):
        return _NODE_LOCAL_ADDRESS
    return next(
        (server for pod in case.world.pods for server in _nameservers(pod) if server.startswith("169.254.")), ""
    )


def _asking(case: Case) -> Iterator[Asking]:
    """The egress-isolated pods that ask the cluster's DNS or servers that they name, those alike together."""
    table, cache = case.matrix.tables[0], _node_local(case)
    everybody = tuple(_dns_pods(case))
    groups: dict[tuple[int, tuple[str, ...]], list[Pod]] = {}
    for pod, number in zip(case.world.pods, case.matrix.classes.of_pod, strict=True):
        if table.selecting[EGRESS][number] and pod not in everybody and _policy_of(pod) != "Default":
            own = tuple(_nameservers(pod)) if _policy_of(pod) == "None" else ()
            groups.setdefault((number, own), []).append(pod)
    for (number, own), pods in groups.items():
        policies = tuple(case.world.policies[policy] for policy in table.selecting[EGRESS][number])
        yield Asking(policies, tuple(pods), own or everybody, "" if own else cache)


def _spec(pod: Pod) -> Mapping[str, Any]:
    spec = pod.manifest.get("spec")
    return spec if isinstance(spec, Mapping) else {}


def _policy_of(pod: Pod) -> str:
    return str(_spec(pod).get("dnsPolicy") or "ClusterFirst")


def _nameservers(pod: Pod) -> Iterator[str]:
    """The DNS servers that a pod is given by address."""
    config = _spec(pod).get("dnsConfig")
    servers = config.get("nameservers") if isinstance(config, Mapping) else None
    for server in servers if isinstance(servers, list) else ():
        if isinstance(server, str) and is_address(server):
            yield server


def _dns_pods(case: Case) -> Iterable[Pod]:
    return [
        pod
        for pod in case.world.pods
        if not pod.host_network
        and any(pod.namespace == namespace and pod.labels.get(key) == value for namespace, key, value in _LABELLED)
    ]


def _answered(case: Case, asking: Asking, protocol: str) -> bool:
    """Whether pods may ask: one of their servers, or if none is known anything that could be one."""
    pod = asking.pods[0]
    servers = [*(asking.servers or [DNS_POD]), *([asking.cache] if asking.cache else [])]
    return any(_lets_out(case, pod, server, protocol) for server in servers) or (
        not asking.servers
        and any(
            _elsewhere(rule) and _speaks_of_dns(rule, protocol)
            for policy in asking.policies
            for rule in policy.egress or ()
        )
    )


def _lets_out(case: Case, pod: Pod, server: Pod | str, protocol: str) -> bool:
    ports = (
        {_DNS}
        if isinstance(server, str)
        else {
            _DNS,
            *(port.number for port in server.ports if port.protocol == protocol and port.name.startswith("dns")),
        }
    )
    return any(case.lets_out(pod, server, port, protocol) for port in sorted(ports))


def _elsewhere(rule: Rule) -> bool:
    """Whether a rule means pods of other namespaces, or addresses, among which DNS may be."""
    return not rule.peers or any(peer.namespaces is not None or peer.block is not None for peer in rule.peers)


def _speaks_of_dns(rule: Rule, protocol: str) -> bool:
    return not rule.ports or any(
        port.protocol == protocol
        and not port.name
        and (port.first <= _DNS <= port.last or port.first == port.last == 5353)
        for port in rule.ports
    )


def _calls_somebody(case: Case, asking: Asking) -> bool:
    """Pods that may call nobody need no names, unless their whole namespace was cut off without a thought of DNS."""
    if any(policy.egress for policy in asking.policies):
        return True
    if all(policy.pods.requirements for policy in asking.policies):
        return False
    return not any(policy.egress for policy in case.world.policies if policy.namespace == asking.pods[0].namespace)


RULES = (dns_cut_off, dns_without_tcp, node_local_dns)
