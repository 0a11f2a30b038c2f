"""Rules about selectors that fit nothing: of pods, of peers, of namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from helpers.policies.linting.case import Case, peer_path, peer_text
from helpers.policies.linting.findings import ERROR, NOTE, WARNING, Finding, report
from helpers.policies.linting.likeness import misspelt, near_label
from helpers.policies.linting.misplacing import misplaced_somewhere
from helpers.policies.model import NAMESPACE_NAME_LABEL, Peer, Policy, Rule
from helpers.policies.wording import listed, plural

_SHOW = "Compare with `kubectl get pods --show-labels`."


def selector_matches_nothing(case: Case) -> Iterator[Finding]:
    """The policy selects no pod, so it does nothing."""
    alone: dict[str | None, list[Policy]] = {}
    for policy in case.world.policies:
        if not _idle(case, policy) or _elsewhere(case, policy):
            continue
        near = near_label(policy.pods, [pod.labels for pod in case.world.pods if pod.namespace == policy.namespace])
        hint = misplaced_somewhere(case, policy.pods, {policy.namespace or ""}) or (
            f"Did you mean {near}? {_SHOW}" if near else ""
        )
        if hint:
            yield report(
                "selector-matches-nothing",
                ERROR,
                policy,
                "spec.podSelector",
                f"{policy.key} selects no pod: none has {policy.pods} in namespace {policy.namespace}.",
                hint,
                near,
            )
        else:
            alone.setdefault(policy.namespace, []).append(policy)
    for namespace, policies in alone.items():
        keys = listed(f"{policy.key} ({policy.pods})" for policy in policies)
        yield report(
            "selector-matches-nothing",
            NOTE,
            policies[0],
            "spec.podSelector",
            f"{keys} select{'s' if len(policies) == 1 else ''} no pod of the input.",
            f"If such pods are made later, or by an operator, all is well; else take away what selects "
            f"nothing in {namespace}. {_SHOW}",
        )


def _idle(case: Case, policy: Policy) -> bool:
    """Whether a policy selects no pod, though the pods of its namespace are in the input."""
    return (
        policy.namespace is not None
        and case.presence.complete(policy.namespace)
        and not case.subjects(policy)
        and not any(pod.namespace == policy.namespace for pod in case.labelled(policy.pods))
    )


def wrong_namespace(case: Case) -> Iterator[Finding]:
    """The policy selects no pod of its namespace, but its selector fits pods of another."""
    for policy in case.world.policies:
        spaces = _elsewhere(case, policy)
        if spaces:
            yield report(
                "wrong-namespace",
                ERROR,
                policy,
                "metadata.namespace",
                f"{policy.key} selects no pod: pods with {policy.pods} are in namespace {listed(spaces)}, and "
                f"a policy selects pods of its own namespace only.",
                f"Put `namespace: {spaces[0]}` into its metadata.",
            )


def _elsewhere(case: Case, policy: Policy) -> list[str]:
    """The other namespaces in one of which the policy was hardly meant not to be.

    A namespace that somebody wrote and that has no pods yet waits for them, unless its name is a misspelling.
    """
    if policy.namespace is None or not policy.pods.requirements or case.subjects(policy):
        return []
    found = {pod.namespace for pod in case.labelled(policy.pods)}
    if policy.namespace in found:
        return []
    if _waiting(case, policy):
        near = misspelt(policy.namespace, sorted(found))
        return [near] if near else []
    return sorted(found)


def _waiting(case: Case, policy: Policy) -> bool:
    metadata = policy.source.get("metadata")
    written = isinstance(metadata, dict) and bool(metadata.get("namespace"))
    return written and policy.namespace not in case.presence.populated


def namespace_matches_nothing(case: Case) -> Iterator[Finding]:
    """A namespaceSelector that no namespace fits."""
    for policy, direction, rule, number, peer in case.peers():
        selector = peer.namespaces
        if selector is None or _spaces_exist(case, peer):
            continue
        near = misnamed(case, peer)
        if near or case.presence.whole:
            hint = f"Did you mean {near}?" if near else f"Label the namespace, or use {NAMESPACE_NAME_LABEL}."
            yield report(
                "namespace-matches-nothing",
                WARNING,
                policy,
                f"{peer_path(rule, direction, number)}.namespaceSelector",
                f"{policy.key} {rule.path} allows pods of namespaces with {selector}, and no namespace has that.",
                f"{hint} See `kubectl get namespaces --show-labels`.",
                near,
            )


def misnamed(case: Case, peer: Peer) -> str:
    """The namespaces' label that a peer whose namespaces don't exist was meant to have; empty when nothing is near."""
    if peer.namespaces is None or _spaces_exist(case, peer):
        return ""
    return near_label(peer.namespaces, case.presence.declared.values())


def _spaces_exist(case: Case, peer: Peer) -> bool:
    return peer.namespaces is None or any(map(peer.namespaces.matches, case.presence.namespaces.values()))


def peer_matches_nothing(case: Case) -> Iterator[Finding]:
    """A peer that no pod fits."""
    alone: dict[tuple[str | None, str], list[tuple[Policy, Rule, str]]] = {}
    for policy, direction, rule, number, peer in case.peers():
        if not _lost(case, policy, peer) or _homesick(case, policy, peer):
            continue
        path = f"{peer_path(rule, direction, number)}.podSelector"
        spaces = case.spaces(peer.namespaces, policy.namespace)
        near = near_label(peer.pods, [pod.labels for pod in case.world.pods if pod.namespace in spaces])
        hint = misplaced_somewhere(case, peer.pods, spaces) or (f"Did you mean {near}?" if near else "")
        if hint:
            where = f"namespace {policy.namespace}" if peer.namespaces is None else "those namespaces"
            yield report(
                "peer-matches-nothing",
                WARNING,
                policy,
                path,
                f"{policy.key} {rule.path} allows {peer_text(peer)}, and no pod of {where} fits.",
                hint,
                near,
            )
        else:
            alone.setdefault((policy.namespace if peer.namespaces is None else None, peer_text(peer)), []).append(
                (policy, rule, path)
            )
    for (_, peers), places in alone.items():
        keys = listed(dict.fromkeys(f"{policy.key} {rule.path}" for policy, rule, _ in places))
        yield report(
            "peer-matches-nothing",
            NOTE,
            places[0][0],
            places[0][2],
            f"{keys} allow{'s' if len(places) == 1 else ''} {peers}, and no pod of the input fits.",
            f"If such pods are made later, all is well; else take the peer away. {_SHOW}",
        )


def _lost(case: Case, policy: Policy, peer: Peer) -> bool:
    """Whether a peer means no pod, though its namespaces are in the input with their pods."""
    return (
        not case.peer(peer, policy)
        and not case.presence.unseen(policy, peer)
        and _spaces_exist(case, peer)
        and not case.meant(peer, policy.namespace)
    )


def _homesick(case: Case, policy: Policy, peer: Peer) -> list[str]:
    """Other namespaces whose pods a podSelector alone would fit."""
    if peer.namespaces is not None or not peer.pods.requirements:
        return []
    return sorted({pod.namespace for pod in case.labelled(peer.pods)} - {policy.namespace})


def peer_in_other_namespace(case: Case) -> Iterator[Finding]:
    """A podSelector alone that fits no pod of the policy's namespace, but pods of another."""
    for policy, direction, rule, number, peer in case.peers():
        spaces = _homesick(case, policy, peer) if _lost(case, policy, peer) else []
        if spaces and not any(halves(other, peer) for other in rule.peers):
            yield report(
                "peer-in-other-namespace",
                ERROR,
                policy,
                f"{peer_path(rule, direction, number)}.podSelector",
                f"{policy.key} {rule.path} allows {peer.pods}, and a podSelector alone means pods of "
                f"{policy.namespace}; the pods with that label are in {listed(spaces)}.",
                f"Add to the same item `namespaceSelector: {{matchLabels: {{{NAMESPACE_NAME_LABEL}: {spaces[0]}}}}}`.",
            )


def halves(spaces: Peer, pods: Peer) -> bool:
    """Whether two items could be the halves of one: a namespaceSelector alone and a podSelector alone."""
    return (
        spaces.namespaces is not None
        and not spaces.pods.requirements
        and spaces.block is None
        and pods.namespaces is None
        and pods.block is None
        and bool(pods.pods.requirements)
    )


def one_dash(case: Case) -> Iterator[Finding]:
    """Namespace and pod selectors in two items (OR) where one item (AND) means less, or the other way round."""
    for policy, direction, rule in case.rules():
        told: set[int] = set()
        for number, pair in enumerate(zip(rule.peers, rule.peers[1:], strict=False)):
            spaces, pods = pair if halves(*pair) else pair[::-1]
            if halves(spaces, pods) and id(pods) not in told:
                told.add(id(pods))
                yield from _too_many_dashes(case, policy, rule, peer_path(rule, direction, number + 1), spaces, pods)
    yield from _too_few_dashes(case)


def _too_many_dashes(case: Case, policy: Policy, rule: Rule, path: str, spaces: Peer, pods: Peer) -> Iterator[Finding]:
    both = case.meant(Peer(pods.pods, spaces.namespaces), policy.namespace)
    own = case.meant(pods, policy.namespace)
    either = {*case.meant(spaces, policy.namespace), *own}
    if either == set(both):
        return
    yield report(
        "one-dash",
        WARNING if both or not own else NOTE,
        policy,
        path,
        f"{policy.key} {rule.path} allows {peer_text(spaces)} OR pods with {pods.pods} of "
        f"{policy.namespace}: {plural(len(either), 'pod')}. In one item, both would have to hold: "
        f"{plural(len(both), 'pod')}.",
        "If both must hold, take away the second dash.",
    )


def _too_few_dashes(case: Case) -> Iterator[Finding]:
    for policy, direction, rule, number, peer in case.peers():
        if peer.namespaces is None or not peer.pods.requirements or case.meant(peer, policy.namespace):
            continue
        if case.meant(Peer(namespaces=peer.namespaces), policy.namespace) and case.meant(
            Peer(pods=peer.pods), policy.namespace
        ):
            yield report(
                "one-dash",
                WARNING,
                policy,
                peer_path(rule, direction, number),
                f"{policy.key} {rule.path} allows only {peer_text(peer)}, and there is none; "
                "each half by itself fits some pods.",
                "If either is enough, give the podSelector its own dash.",
            )


RULES = (
    selector_matches_nothing,
    wrong_namespace,
    namespace_matches_nothing,
    peer_matches_nothing,
    peer_in_other_namespace,
    one_dash,
)
