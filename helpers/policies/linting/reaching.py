"""Rules about what the policies do together: DNS, the other end, redundancy, pods without any policy."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.policies.linting.case import SIDES, SYSTEM, Case, report
from helpers.policies.linting.findings import ERROR, NOTE, WARNING, Finding, finding
from helpers.policies.model import EGRESS, INGRESS, Peer, Pod, Policy, Rule
from helpers.policies.model.bits import Bits, members
from helpers.policies.wording import listed, plural

_DNS = 53


def dns_cut_off(case: Case) -> Iterator[Finding]:
    """Egress-isolated pods that may call others and can't ask the cluster's DNS over UDP 53."""
    yield from _dns(case, "UDP", "dns-cut-off", ERROR)


def dns_without_tcp(case: Case) -> Iterator[Finding]:
    """Pods that can ask DNS over UDP and not over TCP, which long answers need."""
    yield from _dns(case, "TCP", "dns-without-tcp", WARNING)


def _dns(case: Case, protocol: str, rule: str, severity: str) -> Iterator[Finding]:
    groups: dict[tuple[int, ...], Bits] = {}
    for number, chosen in enumerate(case.matrix.tables[0].selecting[EGRESS]):
        if chosen and not _asks(case, number, protocol) and (protocol == "UDP" or _asks(case, number, "UDP")):
            groups.setdefault(tuple(chosen), 0)
            groups[tuple(chosen)] |= 1 << number
    for numbers, classes in groups.items():
        policies = [case.world.policies[number] for number in numbers]
        pods = case.pods(classes)
        if not pods or not _calls_somebody(case, policies, pods):
            continue
        policy = next((one for one in policies if one.egress), policies[0])
        names = listed(dict.fromkeys(pod.workload.partition("/")[2] for pod in pods), most=4)
        what = "resolve no name, so every call by name fails" if protocol == "UDP" else (
            "ask DNS over UDP only; long answers come over TCP 53")
        yield report(rule, severity, policy, "spec.egress",
                     f"{names} in {pods[0].namespace} can {what}: "
                     f"{listed(one.key for one in policies)} isolate{'s' if len(policies) == 1 else ''} egress and "
                     f"nothing allows {protocol} 53 to the cluster's DNS.",
                     "Allow UDP and TCP 53 to pods with k8s-app=kube-dns in namespace kube-system.")


def _dns_pods(case: Case) -> list[Pod]:
    return [pod for pod in case.world.pods
            if pod.namespace == "kube-system" and pod.labels.get("k8s-app") == "kube-dns"]


def _asks(case: Case, number: int, protocol: str) -> bool:
    """Whether a class may send DNS questions: to the DNS pods, or if they aren't known to anything on port 53."""
    table = case.matrix.tables[0]
    servers = 0
    for pod in _dns_pods(case):
        servers |= 1 << case.matrix.class_of(pod)
    if servers >> number & 1:
        return True
    for ports, bits in table.allowed(number, EGRESS).items():
        if table.ports.holds(ports, protocol, _DNS) and (bits & servers if servers else bits):
            return True
    return not servers and any(
        any(port.protocol == protocol and not port.name and port.first <= _DNS <= port.last for port in rule.ports)
        or not rule.ports
        for policy in table.selecting[EGRESS][number]
        for rule in case.world.policies[policy].egress or () if _leaves(rule))


def _leaves(rule: Rule) -> bool:
    """Whether a rule could mean the DNS pods of a cluster whose kube-system isn't among the objects."""
    return not rule.peers or any(peer.namespaces is not None or peer.block is not None for peer in rule.peers)


def _calls_somebody(case: Case, policies: list[Policy], pods: list[Pod]) -> bool:
    """Pods that may call nobody need no names, unless their whole namespace was cut off without a thought of DNS."""
    if any(rule for policy in policies for rule in policy.egress or ()):
        return True
    return not any(policy.egress for policy in case.world.policies if policy.namespace == pods[0].namespace)


def one_end(case: Case) -> Iterator[Finding]:
    """A rule lets a connection pass at one end, and the other end's policies stop it."""
    for policy, direction, rule, number, peer in case.peers():
        if peer.block is not None or not peer.pods.requirements:
            continue
        stopped = _stopped(case, policy, rule, peer, direction)
        if not stopped:
            continue
        other = INGRESS if direction == EGRESS else EGRESS
        end = stopped[0]
        way = f"to {end.key}" if direction == EGRESS else f"from {end.key}"
        by = listed(one.key for one in case.world.isolating(end, other))
        yield report("one-end", WARNING, policy, f"{rule.path}.{SIDES[direction]}[{number}]",
                     f"{policy.key} {rule.path} allows {direction} {way}"
                     f"{f' and {len(stopped) - 1} more' if len(stopped) > 1 else ''}, and the {other} policies there "
                     f"({by}) let none of it pass. Both ends must allow a connection.",
                     f"Add {'an ingress' if other == INGRESS else 'an egress'} rule for {end.key}.")


def _stopped(case: Case, policy: Policy, rule: Rule, peer: Peer, direction: str) -> list[Pod]:
    """The peer's pods whose own policies stop all that the rule allows to and from the policy's pods."""
    table, subjects = case.matrix.tables[0], case.subjects(policy)
    other = INGRESS if direction == EGRESS else EGRESS
    own = list(members(subjects))[:200]
    stopped = 0
    for end in list(members(case.peer(peer, policy)))[:200]:
        if not table.isolated(end, other) or (subjects >> end & 1 and len(own) == 1):
            continue
        allowed = table.allowed(end, other)
        ports = _rule_ports(case, rule, own, end, direction)
        if not any(bits & subjects and ports & theirs for theirs, bits in allowed.items()):
            stopped |= 1 << end
    return case.pods(stopped)


def _rule_ports(case: Case, rule: Rule, own: list[int], end: int, direction: str) -> int:
    """The set of ports that a rule means, names looked up at the destination."""
    space = case.matrix.ports
    if not rule.ports:
        return space.all
    bits = 0
    for port in rule.ports:
        if not port.name:
            bits |= space.bits(port.protocol, port.first, port.last)
            continue
        for number in own if direction == INGRESS else [end]:
            for (protocol, name), value in case.matrix.classes.looks[number].ports:
                if (protocol, name) == (port.protocol, port.name):
                    bits |= space.bits(protocol, value, value)
    return bits


def redundant_policy(case: Case) -> Iterator[Finding]:
    """Another policy does all that this one does."""
    for one in case.removable:
        if case.subjects(one.policy) and not _beyond(case, one.policy):
            beside = f" beside {listed(one.beside, most=4)}" if one.beside else ""
            yield report("redundant-policy", NOTE, one.policy, "metadata.name",
                         f"{one.policy.key} changes nothing{beside}: every connection is as it is without it.",
                         "Take it away, or see whether it was meant to allow something else.")


def _beyond(case: Case, policy: Policy) -> bool:
    """Whether a policy means pods that aren't among the objects, so that its work can't be seen here."""
    return any(peer.block is None and not case.peer(peer, policy)
               for direction in (INGRESS, EGRESS) for rule in policy.rules(direction) or () for peer in rule.peers)


def unprotected_pods(case: Case) -> Iterator[Finding]:
    """Pods that no policy selects: everything may reach them and they may reach everything."""
    spaces: dict[str, dict[str, Pod]] = {}
    selected = 0
    for policy in case.world.policies:
        selected |= case.subjects(policy)
    for pod, number in zip(case.world.pods, case.matrix.classes.of_pod, strict=True):
        if not selected >> number & 1 and not pod.host_network and pod.namespace not in SYSTEM:
            spaces.setdefault(pod.namespace, {}).setdefault(pod.workload.partition("/")[2], pod)
    for namespace, names in spaces.items():
        some = any(policy.namespace == namespace for policy in case.world.policies)
        first = next(iter(names.values()))
        yield finding("unprotected-pods", WARNING if some else NOTE, first.source, "metadata.name", "",
                      f"No policy selects {plural(len(names), 'workload')} of namespace {namespace} ({listed(names)}): "
                      "anyone may call them, and they may call anyone.",
                      "Begin with a policy that denies all in the namespace, then allow arrow by arrow.")


RULES = (dns_cut_off, dns_without_tcp, one_end, redundant_policy, unprotected_pods)
