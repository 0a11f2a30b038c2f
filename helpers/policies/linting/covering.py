"""Rules about what policies reach at all: pods of the node's network, pods without a policy, policies without work."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.policies.linting.case import Case, names_of, peer_path, peer_text
from helpers.policies.linting.findings import NOTE, WARNING, Finding, finding, report
from helpers.policies.linting.presence import DNS_POD
from helpers.policies.linting.selecting import misnamed
from helpers.policies.model import EGRESS, INGRESS, Peer, Pod, Policy, labels_of_namespace
from helpers.policies.model.naming import is_system
from helpers.policies.wording import listed, plural


def selects_host_network(case: Case) -> Iterator[Finding]:
    """The selector fits pods that use their node's network, for which the API defines no policy."""
    for policy in case.world.policies:
        pods = [pod for pod in case.labelled(policy.pods) if pod.host_network and pod.namespace == policy.namespace]
        if pods:
            only = not case.subjects(policy)
            yield report(
                "selects-host-network",
                WARNING if only else NOTE,
                policy,
                "spec.podSelector",
                f"{policy.key} selects {listed(names_of(pods), most=4)}, which use their node's "
                "network; most network plugins ignore policies for such pods.",
                "Protect them on the node, or take away `hostNetwork: true`.",
            )


def peer_on_host_network(case: Case) -> Iterator[Finding]:
    """A peer that only pods of the node's network fit: selectors don't mean them, so it opens nothing."""
    for policy, direction, rule, number, peer in case.peers():
        pods = case.meant(peer, policy.namespace)
        if not pods or not all(pod.host_network for pod in pods):
            continue
        if not peer.pods.requirements and case.presence.unseen(policy, peer):
            continue
        way = "from" if direction == INGRESS else "to"
        yield report(
            "peer-on-host-network",
            WARNING,
            policy,
            peer_path(rule, direction, number),
            f"{policy.key} {rule.path} allows {peer_text(peer)}, and only {listed(names_of(pods), most=4)} fit"
            f"{'s' if len(names_of(pods)) == 1 else ''}, which use their node's network: selectors don't mean "
            f"such pods, so this opens nothing {way} them.",
            "Allow the nodes' addresses by ipBlock.",
        )


def redundant_policy(case: Case) -> Iterator[Finding]:
    """Another policy does all that this one does."""
    for one in case.removable:
        if case.subjects(one.policy) and not _baseline(one.policy) and not _beyond(case, one.policy):
            beside = f" beside {listed(one.beside, most=4)}" if one.beside else ""
            yield report(
                "redundant-policy",
                NOTE,
                one.policy,
                "metadata.name",
                f"{one.policy.key} changes nothing{beside}: every connection is as it is without it.",
                "Take it away, or see whether it was meant to allow something else.",
            )


def _baseline(policy: Policy) -> bool:
    """Whether a policy is the ground that others stand on: it denies, or it counts for pods that come later too."""
    return not policy.pods.requirements or not (policy.ingress or policy.egress)


def _beyond(case: Case, policy: Policy) -> bool:
    """Whether a policy means pods that aren't among the objects, so that its work can't be seen here."""
    return any(
        peer.block is None and (not case.peer(peer, policy) or case.presence.unseen(policy, peer))
        for direction in (INGRESS, EGRESS)
        for rule in policy.rules(direction) or ()
        for peer in rule.peers
    )


def unprotected_pods(case: Case) -> Iterator[Finding]:
    """Pods that no policy selects: everything may reach them and they may reach everything."""
    spaces: dict[str, list[Pod]] = {}
    selected = 0
    for policy in case.world.policies:
        selected |= case.subjects(policy)
    for pod, number in zip(case.world.pods, case.matrix.classes.of_pod, strict=True):
        if not selected >> number & 1 and not pod.host_network and not is_system(pod.namespace):
            spaces.setdefault(pod.namespace, []).append(pod)
    protected = {policy.namespace for policy in case.world.policies}
    for namespace, pods in spaces.items():
        names = names_of(pods)
        yield finding(
            "unprotected-pods",
            WARNING if namespace in protected else NOTE,
            pods[0].source,
            "metadata.name",
            "",
            f"No policy selects {plural(len(names), 'workload')} of namespace {namespace} "
            f"({listed(names)}): anyone may call them, and they may call anyone.",
            "Begin with a policy that denies all in the namespace, then allow arrow by arrow.",
        )


def not_in_the_input(case: Case) -> Iterator[Finding]:
    """Policies speak of pods or namespaces that aren't in the input, so that this much could not be compared."""
    waiting, absent = _waiting(case), _absent(case)
    policies = [*waiting.values(), *(policy for policy, _ in absent.values())]
    if not waiting and all(_dns(peer) for _, peer in absent.values()):
        return
    spaces = [f"the pods of {'namespace' if len(waiting) == 1 else 'namespaces'} {listed(waiting)}"] if waiting else []
    yield report(
        "not-in-the-input",
        NOTE,
        policies[0],
        "spec",
        f"Policies speak of what isn't in the input: {listed([*spaces, *absent], most=8)}. Whether they mean "
        "the right pods there can't be seen.",
        "Lint them together with what they speak of, or with the cluster, to see that too.",
    )


def _waiting(case: Case) -> dict[str, Policy]:
    """The namespaces without pods that have policies, each with its first."""
    found: dict[str, Policy] = {}
    for policy in case.world.policies:
        if policy.namespace is not None and policy.namespace not in case.presence.populated:
            found.setdefault(policy.namespace, policy)
    return found


def _dns(peer: Peer) -> bool:
    """Whether a peer means the cluster's DNS, whose absence needs no word."""
    return peer.pods.matches(DNS_POD.labels) and bool(
        peer.namespaces and peer.namespaces.matches(labels_of_namespace(DNS_POD.namespace, {}))
    )


def _absent(case: Case) -> dict[str, tuple[Policy, Peer]]:
    """The peers that may mean pods which aren't in the input, and mean none that is, each with its first policy."""
    found: dict[str, tuple[Policy, Peer]] = {}
    for policy, _direction, _rule, _number, peer in case.peers():
        if (
            peer.namespaces is not None
            and case.presence.unseen(policy, peer)
            and not case.meant(peer, None)
            and not misnamed(case, peer)
        ):
            found.setdefault(peer_text(peer), (policy, peer))
    return found


RULES = (selects_host_network, peer_on_host_network, redundant_policy, unprotected_pods, not_in_the_input)
