"""Rules about calls that policies stop and somebody wanted: declared ones, members' own, those let out at one end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from helpers.policies.judging.verdicts import Miss
from helpers.policies.linting import porting
from helpers.policies.linting.case import OTHER, Case, peer_path
from helpers.policies.linting.cutting import Cut
from helpers.policies.linting.findings import NOTE, WARNING, Finding, finding, report
from helpers.policies.linting.misplacing import misplaced
from helpers.policies.model import EGRESS, INGRESS, Peer, Pod, Policy, Rule, Workload
from helpers.policies.model.bits import Bits, members
from helpers.policies.model.naming import telling_labels
from helpers.policies.wording import listed, plural, short


def needed_call_denied(case: Case) -> Iterator[Finding]:
    """A call that the manifests declare, which policies deny."""
    bare: dict[tuple[str, ...], list[Cut]] = {}
    wrong_ports = {(one.policy, one.path.partition(".ports")[0]) for rule in porting.RULES for one in rule(case)}
    for cut in case.cuts:
        if cut.arrow.source == cut.arrow.target or all(
            miss.kind == "port" and (miss.policy, miss.rule) in wrong_ports for miss in cut.misses
        ):
            continue
        if all(miss.kind == "rules" for miss in cut.misses):
            bare.setdefault(cut.verdict.policies, []).append(cut)
            continue
        near = [miss for miss in cut.misses if miss.kind != "rules"] or cut.misses
        yield _finding(
            case,
            "needed-call-denied",
            near[0].policy,
            near[0].rule or f"spec.{near[0].direction}",
            f"{cut.text} is needed and denied: {cut.verdict.cause}.",
            " ".join(_mend(case, cut, miss) for miss in cut.misses),
        )
    for policies, found in bare.items():
        yield _finding(
            case,
            "needed-call-denied",
            policies[0],
            f"spec.{found[0].misses[0].direction}",
            f"{plural(len(found), 'call')} that the application needs {'is' if len(found) == 1 else 'are'} "
            f"denied by {listed(policies)}, and no policy allows "
            f"{'it' if len(found) == 1 else 'them'}: {listed((cut.text for cut in found), most=4)}.",
            "Allow each at both ends that are isolated; `python -m helpers suggest` writes such policies.",
        )


def _finding(case: Case, rule: str, key: str, path: str, sentence: str, mend: str) -> Finding:
    policy = next(policy for policy in case.world.policies if policy.key == key)
    return report(rule, WARNING, policy, path, sentence, mend)


def _mend(case: Case, cut: Cut, miss: Miss) -> str:
    """What to change in the policy that came nearest, or in the pods' labels."""
    other: Pod | str = cut.source if miss.direction == INGRESS else cut.target
    policy = next(policy for policy in case.world.policies if policy.key == miss.policy)
    port = f"{cut.arrow.protocol} {cut.arrow.port}"
    if miss.kind == "port":
        return f"Write port {port} in {miss.policy} {miss.rule}."
    rule = next((rule for rule in policy.rules(miss.direction) or () if rule.path == miss.rule), None)
    if isinstance(other, Pod) and rule is not None:
        for peer in rule.peers:
            if other.namespace in case.spaces(peer.namespaces, policy.namespace) and peer.block is None:
                found = misplaced(case, peer.pods, other)
                if found:
                    return found
    where = f"{miss.policy} {miss.rule}" if miss.kind == "peer" else f"an {miss.direction} rule of {miss.policy}"
    on_port = "" if miss.kind == "peer" else f" on {port}"
    return f"Allow {_peer_text(policy, other)}{on_port} in {where}."


def _peer_text(policy: Policy, other: Pod | str) -> str:
    """The peer that means one end, as the policy would write it."""
    if isinstance(other, str):
        return f"ipBlock {other}/{128 if ':' in other else 32}"
    labels = ", ".join(f"{key}={value}" for key, value in telling_labels(other.labels).items()) or "its labels"
    return f"pods with {labels}" + ("" if other.namespace == policy.namespace else f" of namespace {other.namespace}")


def members_cut_off(case: Case) -> Iterator[Finding]:
    """A workload of several pods that can't call each other, though they are told to, or are a StatefulSet."""
    told: dict[str, list[Cut]] = {}
    for cut in case.cuts:
        if cut.arrow.source == cut.arrow.target:
            told.setdefault(cut.arrow.source, []).append(cut)
    for key, found in told.items():
        miss = found[0].misses[0]
        ports = listed(f"{cut.arrow.protocol} {cut.arrow.port}" for cut in found)
        policies = found[0].verdict.policies
        yield _finding(
            case,
            "members-cut-off",
            miss.policy,
            miss.rule or f"spec.{miss.direction}",
            f"The pods of {short(key)} need each other on {ports} ({found[0].evidence}), and "
            f"{listed(policies)} den{'ies' if len(policies) == 1 else 'y'} it: a workload's pods are ends "
            "of their own.",
            f"Else they can't form a cluster: {_allow_itself(found[0].source, ports)}",
        )
    for workload in case.world.workloads.values():
        if workload.kind == "StatefulSet" and workload.several and workload.key not in told:
            yield from _alone(case, workload)


def _allow_itself(pod: Pod, ports: str) -> str:
    labels = ", ".join(f"{key}={value}" for key, value in telling_labels(pod.labels).items()) or "its own labels"
    return f"allow pods with {labels} from and to themselves on {ports}, at each end that is isolated."


def _alone(case: Case, workload: Workload) -> Iterator[Finding]:
    """A StatefulSet whose pods reach each other on none of their ports."""
    one, other = workload.two()
    served = sorted(case.served(one))
    verdicts = [case.world.judge(one, other, port, protocol) for protocol, port in served]
    if verdicts and not any(verdicts):
        ports = listed(f"{protocol} {port}" for protocol, port in served)
        policies = verdicts[0].policies
        yield finding(
            "members-cut-off",
            NOTE,
            one.source,
            "metadata.name",
            "",
            f"The {plural(workload.members, 'pod')} of StatefulSet {short(workload.key)} can't call each "
            f"other on any port that they serve ({ports}): {listed(policies)} "
            f"den{'ies' if len(policies) == 1 else 'y'} it.",
            f"If they form a cluster: {_allow_itself(one, ports)}",
        )


def one_end(case: Case) -> Iterator[Finding]:
    """A rule lets a connection pass at one end, and the other end's policies stop it."""
    told = {(cut.arrow.source, cut.arrow.target) for cut in case.cuts}
    for policy, direction, rule, number, peer in case.peers():
        if not peer.pods.requirements or not case.subjects(policy):
            continue
        stopped = [
            pod
            for pod in _stopped(case, policy, rule, peer, direction)
            if not told or not any(_pair(pod, own, direction) in told for own in case.selected(policy))
        ]
        if not stopped:
            continue
        end, other = stopped[0], OTHER[direction]
        way = f"to {end.key}" if direction == EGRESS else f"from {end.key}"
        by = listed(one.key for one in case.world.isolating(end, other))
        yield report(
            "one-end",
            WARNING,
            policy,
            peer_path(rule, direction, number),
            f"{policy.key} {rule.path} allows {direction} {way}"
            f"{f' and {len(stopped) - 1} more' if len(stopped) > 1 else ''}, and the {other} policies there "
            f"({by}) let none of it pass. Both ends must allow a connection.",
            f"Add {'an ingress' if other == INGRESS else 'an egress'} rule for {end.key}.",
        )


def _pair(end: Pod, own: Pod, direction: str) -> tuple[str, str]:
    """(source, target) of a call between a peer's pod and a policy's own."""
    return (own.workload_key, end.workload_key) if direction == EGRESS else (end.workload_key, own.workload_key)


def _stopped(case: Case, policy: Policy, rule: Rule, peer: Peer, direction: str) -> list[Pod]:
    """The peer's pods whose own policies stop all that the rule allows to and from the policy's pods."""
    subjects, other = case.subjects(policy), OTHER[direction]
    own = list(members(subjects))
    stopped = 0
    for end in members(case.peer(peer, policy)):
        if not case.matrix.tables[0].isolated(end, other) or (subjects >> end & 1 and len(own) == 1):
            continue
        if not _passes(case, end, other, _rule_ports(case, rule, own, end, direction), subjects):
            stopped |= 1 << end
    return case.pods(stopped)


def _passes(case: Case, end: int, direction: str, ports: int, others: Bits) -> bool:
    """Whether a class's own policies let any of some ports pass from or to some classes, over any address family."""
    return any(
        bits & others and ports & theirs
        for table in case.matrix.tables
        for theirs, bits in table.allowed(end, direction).items()
    )


def _rule_ports(case: Case, rule: Rule, own: Sequence[int], end: int, direction: str) -> int:
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


RULES = (needed_call_denied, members_cut_off, one_end)
