"""The task at the shop's edge: a caller from another namespace."""

from collections.abc import Iterator, Mapping

from helpers.lab.cluster import belonging
from helpers.lab.course.checks.answers import Answer, done, first, hint
from helpers.lab.course.checks.excess import Admission, admissions, too_much
from helpers.lab.course.checks.goals import Goal
from helpers.lab.course.checks.refusals import lift_ports, what_if
from helpers.lab.course.checks.securing import breaks
from helpers.lab.course.checks.situation import Situation, not_there
from helpers.lab.course.checks.strangers import Stranger
from helpers.policies import Pod, Policy, World, home
from helpers.policies.model import Peer

COLLECTOR, VISITOR = "collector", "visitor"
AD, AD_PORT = "adservice", 9555


def collector(situation: Situation) -> Answer:
    """Notebook 06: only the collector of the namespace `monitoring` may call adservice, besides the frontend."""
    world = situation.world
    if missing := not_there(world, there(COLLECTOR), there(VISITOR), AD):
        return hint("no-pods", f"There is no `{missing}`. Run the cell that creates the namespace and its pods.")
    if not world.isolating(world.pod(AD), "ingress"):
        return hint("open", "No policy selects adservice, so it accepts everything. Run the notebook's first cells.")
    if not world.judge(there(COLLECTOR), AD, AD_PORT):
        return refused(situation)
    if not world.judge("frontend", AD, AD_PORT):
        return hint(
            "frontend", "The collector gets in, and the frontend doesn't any more. Was `ad-allow-frontend` deleted?"
        )
    wrong = first(look(situation, goal()) for look in (let_in_too_much, breaks))
    return (
        wrong if wrong is not None else done(f"The collector of `{monitoring()}` gets in, and nobody else from there.")
    )


def refused(situation: Situation) -> Answer:
    """Why the collector doesn't get in."""
    world = situation.world
    mine = list(aimed(world))
    wrong = (
        astray(world)
        if not mine
        else next((found for policy in mine if (found := wrong_caller(world, policy)) is not None), None)
    )
    if wrong is not None:
        return wrong
    if not mine:
        return hint("nothing-yet", "No policy lets anybody from another namespace into adservice so far.")
    near = what_if(world, goal(), there(COLLECTOR), lift_ports)
    if near is not None:
        ports = [str(port).removeprefix("TCP ") for rule in near.ingress or () for port in rule.ports]
        return hint(
            "port", f"`{near.name}` lets the collector in on {', '.join(ports)}; adservice listens on {AD_PORT}."
        )
    return hint("refused", f"{world.judge(there(COLLECTOR), AD, AD_PORT).sentence} Who, from where, and on which port?")


def wrong_caller(world: World, policy: Policy) -> Answer | None:
    """What is wrong with whom a policy for adservice names."""
    peers = list(peers_of(policy))
    if any(peer.namespaces is None and peer.pods.matches(world.pod(there(COLLECTOR)).labels) for peer in peers):
        return hint(
            "own-namespace",
            f"In `{policy.name}` a `podSelector` stands alone, and means pods of the "
            "policy's own namespace. Another namespace has to be named beside it, by `namespaceSelector`.",
        )
    for peer in peers:
        spaces = [name for name, labels in world.namespaces.items() if means(peer, labels)]
        if peer.namespaces is not None and not spaces:
            return hint(
                "namespace-label",
                f"No namespace carries {peer.namespaces}. "
                "`kubectl get namespaces --show-labels` shows what they carry.",
            )
        pods = [pod for pod in world.pods if pod.namespace in spaces]
        if monitoring() in spaces and not any(peer.pods.matches(pod.labels) for pod in pods):
            return hint(
                "caller-unknown", f"`{policy.name}` admits {peer.pods}, and no pod of {monitoring()} carries that."
            )
    return None


def astray(world: World) -> Answer | None:
    """A policy that seems to mean the collector and adservice, and doesn't select adservice."""
    ours = world.pod(AD).namespace
    for policy in world.policies:
        if policy.ingress is None or not speaks_of_the_collector(world, policy):
            continue
        if policy.namespace != ours:
            return hint(
                "other-namespace",
                f"`{policy.name}` lies in the namespace {policy.namespace}. A policy "
                f"selects pods of its own namespace, so one for adservice belongs into {ours}.",
            )
        if not policy.selects(world.pod(AD)):
            return hint(
                "selects-other", f"`{policy.name}` doesn't select adservice: its podSelector picks who is called."
            )
    return None


def speaks_of_the_collector(world: World, policy: Policy) -> bool:
    """Whether a policy lies in `monitoring`, or selects or admits the collector by its label or its namespace's."""
    caller = world.pod(there(COLLECTOR))
    chosen = [policy.pods, *(peer.pods for peer in peers_of(policy))]
    return (
        policy.namespace == caller.namespace
        or any(pods.requirements and pods.matches(caller.labels) for pods in chosen)
        or any(
            peer.namespaces is not None
            and peer.namespaces.requirements
            and means(peer, world.namespaces[caller.namespace])
            for peer in peers_of(policy)
        )
    )


def peers_of(policy: Policy) -> Iterator[Peer]:
    """The pods that a policy lets in."""
    return (peer for rule in policy.ingress or () for peer in rule.peers if peer.block is None)


def means(peer: Peer, labels: Mapping[str, str]) -> bool:
    """Whether a peer means the namespace with these labels."""
    return peer.namespaces is not None and peer.namespaces.matches(labels)


def aimed(world: World) -> Iterator[Policy]:
    """The policies for adservice that the notebook didn't bring."""
    return (
        policy
        for policy in world.isolating(world.pod(AD), "ingress")
        if policy.name != "ad-allow-frontend" and any(rule.peers for rule in policy.ingress or ())
    )


def let_in_too_much(situation: Situation, wanted: Goal) -> Answer | None:
    """Who gets in besides the collector and the frontend."""
    found = list(admissions(situation.world, wanted))
    visitor = any(isinstance(one.who, Pod) and one.who.key == situation.world.pod(there(VISITOR)).key for one in found)
    at_home = any(named_alike(situation.world, one, own=True) for one in found)
    if visitor and at_home:
        return hint(
            "or-not-and",
            f"The visitor of `{monitoring()}` gets in too, and so would any pod of `{home.namespace()}` with the "
            "label `app=collector`. There is one dash too many: with two, it is *or*.",
        )
    if visitor:
        return hint(
            "whole-namespace",
            f"The visitor of `{monitoring()}` gets in too. Name the pods as well: a "
            "`podSelector` in the same item as the `namespaceSelector`, without a dash of its own.",
        )
    if at_home or any(named_alike(situation.world, one, own=False) for one in found):
        where = f"`{home.namespace()}`" if at_home else "any other namespace"
        return hint(
            "any-namespace",
            f"A pod of {where} with the label `app=collector` would get in as well. Name the "
            "namespace by its own label.",
        )
    if found and found[0].kind == "ports":
        return hint("ports", f"The collector gets in on other ports too. Name the one that it needs, {AD_PORT}.")
    return too_much(situation, wanted)


def named_alike(world: World, found: Admission, *, own: bool) -> bool:
    """Whether somebody of the collector's label is let in, of the application's namespace or of another."""
    label = world.pod(there(COLLECTOR)).labels["app"]
    return isinstance(found.who, Stranger) and found.who.own is own and found.who.pod.labels == {"app": label}


def goal() -> Goal:
    """Who may call adservice when the task is done."""
    return Goal(AD, ("frontend", there(COLLECTOR)), AD_PORT)


def monitoring() -> str:
    """The other team's namespace, as it is called here."""
    return belonging.namespace("monitoring")


def there(name: str) -> str:
    """A pod of theirs, as the world calls it."""
    return f"{monitoring()}/{name}"
