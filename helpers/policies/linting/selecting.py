"""Rules about selectors: of pods, of peers, of namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.policies.linting.case import SIDES, Case, report
from helpers.policies.linting.findings import ERROR, NOTE, WARNING, Finding
from helpers.policies.model import Peer, Policy, Rule
from helpers.policies.wording import listed, plural


def selector_matches_nothing(case: Case) -> Iterator[Finding]:
    """The policy selects no pod, so it does nothing."""
    for policy in case.world.policies:
        if case.subjects(policy) or _elsewhere(case, policy):
            continue
        if any(_means(policy, pod) and pod.namespace == policy.namespace for pod in case.world.pods):
            continue
        near = case.near_labels(policy.pods, policy.namespace)
        selector = str(policy.pods) if policy.pods.requirements else "any label"
        hint = f"Did you mean {near}?" if near else f"No pod in namespace {policy.namespace} has {selector}."
        yield report("selector-matches-nothing", ERROR, policy, "spec.podSelector",
                     f"{policy.key} selects no pod: none has {selector} in namespace {policy.namespace}.",
                     f"{hint} Compare with `kubectl get pods --show-labels`.")


def wrong_namespace(case: Case) -> Iterator[Finding]:
    """The policy selects no pod of its namespace, but its selector fits pods of another."""
    for policy in case.world.policies:
        spaces = [] if case.subjects(policy) else _elsewhere(case, policy)
        if spaces:
            yield report("wrong-namespace", ERROR, policy, "metadata.namespace",
                         f"{policy.key} selects no pod: pods with {policy.pods} are in namespace {listed(spaces)}, and "
                         f"a policy selects pods of its own namespace only.",
                         f"Put `namespace: {spaces[0]}` into its metadata.")


def _elsewhere(case: Case, policy: Policy) -> list[str]:
    """Other namespaces with pods that the policy's selector fits."""
    if not policy.pods.requirements:
        return []
    return sorted({pod.namespace for pod in case.world.pods
                   if pod.namespace != policy.namespace and _means(policy, pod)})


def _means(policy: Policy, pod: object) -> bool:
    labels = getattr(pod, "labels", {})
    return policy.pods.matches(labels)


def _path(rule: Rule, direction: str, number: int) -> str:
    return f"{rule.path}.{SIDES[direction]}[{number}]"


def namespace_matches_nothing(case: Case) -> Iterator[Finding]:
    """A namespaceSelector that no namespace fits."""
    for policy, direction, rule, number, peer in case.peers():
        selector = peer.namespaces
        if selector is None or any(selector.matches(labels) for labels in case.namespaces.values()):
            continue
        near = case.near_namespace(selector)
        hint = f"Did you mean {near}?" if near else "Label the namespace, or use kubernetes.io/metadata.name."
        yield report("namespace-matches-nothing", WARNING, policy,
                     f"{_path(rule, direction, number)}.namespaceSelector",
                     f"{policy.key} {rule.path} allows pods of namespaces with {selector}, and no namespace has that.",
                     f"{hint} See `kubectl get namespaces --show-labels`.")


def peer_matches_nothing(case: Case) -> Iterator[Finding]:
    """A peer that no pod fits."""
    for policy, direction, rule, number, peer in case.peers():
        if not _lost(case, policy, peer) or _homesick(case, policy, peer):
            continue
        near = case.near_labels(peer.pods, policy.namespace if peer.namespaces is None else None)
        where = f"namespace {policy.namespace}" if peer.namespaces is None else "those namespaces"
        hint = f"Did you mean {near}?" if near else f"No pod of {where} has it today."
        yield report("peer-matches-nothing", WARNING, policy, f"{_path(rule, direction, number)}.podSelector",
                     f"{policy.key} {rule.path} allows {peer.pods if peer.pods.requirements else 'any pod'}, and no "
                     f"pod of {where} fits.", hint)


def _lost(case: Case, policy: Policy, peer: Peer) -> bool:
    """Whether a peer means no pod, though its namespaces exist."""
    if peer.block is not None or case.peer(peer, policy):
        return False
    if peer.namespaces is not None and not any(peer.namespaces.matches(case.namespaces[name])
                                               for name in {pod.namespace for pod in case.world.pods}):
        return False  # the namespace's pods aren't among the objects
    if any(pod.host_network and peer.pods.requirements and peer.pods.matches(pod.labels) for pod in case.world.pods):
        return False
    return peer.namespaces is None or any(peer.namespaces.matches(labels) for labels in case.namespaces.values())


def _homesick(case: Case, policy: Policy, peer: Peer) -> list[str]:
    """Other namespaces whose pods a podSelector alone would fit."""
    if peer.namespaces is not None or not peer.pods.requirements:
        return []
    return sorted({pod.namespace for pod in case.world.pods if peer.pods.matches(pod.labels)}
                  - {policy.namespace})


def peer_in_other_namespace(case: Case) -> Iterator[Finding]:
    """A podSelector alone that fits no pod of the policy's namespace, but pods of another."""
    for policy, direction, rule, number, peer in case.peers():
        spaces = _homesick(case, policy, peer) if _lost(case, policy, peer) else []
        if spaces:
            yield report("peer-in-other-namespace", ERROR, policy, f"{_path(rule, direction, number)}.podSelector",
                         f"{policy.key} {rule.path} allows {peer.pods}, and a podSelector alone means pods of "
                         f"{policy.namespace}; the pods with that label are in {listed(spaces)}.",
                         f"Add to the same item `namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: "
                         f"{spaces[0]}}}}}`.")


def one_dash(case: Case) -> Iterator[Finding]:
    """Namespace and pod selectors in two items (OR) where one item (AND) means less on this cluster."""
    for policy, direction, rule in case.rules():
        for number, (first, second) in enumerate(zip(rule.peers, rule.peers[1:], strict=False)):
            spaces, pods = (first, second) if first.namespaces is not None else (second, first)
            if not _halves(spaces, pods):
                continue
            either = case.peer(spaces, policy) | case.peer(pods, policy)
            both = case.peer(Peer(pods.pods, spaces.namespaces), policy)
            if either != both:
                yield report("one-dash", WARNING, policy, _path(rule, direction, number + 1),
                             f"{policy.key} {rule.path} allows any pod of namespaces with {spaces.namespaces} OR pods "
                             f"with {pods.pods} of {policy.namespace}: {plural(len(case.pods(either)), 'pod')}. In one "
                             f"item, both would have to hold: {plural(len(case.pods(both)), 'pod')}.",
                             "If both must hold, take away the second dash.")
    yield from _too_few_dashes(case)


def _halves(spaces: Peer, pods: Peer) -> bool:
    """Whether two items could be the halves of one: a namespaceSelector alone and a podSelector alone."""
    return (spaces.namespaces is not None and not spaces.pods.requirements and spaces.block is None
            and pods.namespaces is None and pods.block is None and bool(pods.pods.requirements))


def _too_few_dashes(case: Case) -> Iterator[Finding]:
    for policy, direction, rule, number, peer in case.peers():
        if peer.namespaces is None or not peer.pods.requirements or case.peer(peer, policy):
            continue
        either = case.peer(Peer(namespaces=peer.namespaces), policy) and case.peer(Peer(pods=peer.pods), policy)
        if either:
            yield report("one-dash", WARNING, policy, _path(rule, direction, number),
                         f"{policy.key} {rule.path} allows only pods with {peer.pods} of namespaces with "
                         f"{peer.namespaces}, and there is none; each half by itself fits some pods.",
                         "If either is enough, give the podSelector its own dash.")


def selects_host_network(case: Case) -> Iterator[Finding]:
    """The selector fits pods that use their node's network, for which the API defines no policy."""
    for policy in case.world.policies:
        pods = [pod for pod in case.world.pods
                if pod.host_network and pod.namespace == policy.namespace and policy.pods.matches(pod.labels)]
        if pods:
            only = not case.subjects(policy)
            yield report("selects-host-network", WARNING if only else NOTE, policy, "spec.podSelector",
                         f"{policy.key} selects {listed((pod.name for pod in pods), most=4)}, which use their node's "
                         "network; most network plugins ignore policies for such pods.",
                         "Protect them on the node, or take away `hostNetwork: true`.")


RULES = (selector_matches_nothing, wrong_namespace, namespace_matches_nothing, peer_matches_nothing,
         peer_in_other_namespace, one_dash, selects_host_network)
