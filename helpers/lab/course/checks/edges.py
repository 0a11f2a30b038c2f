"""Tasks at the shop's edges: a caller from another namespace, and a call to an address outside the cluster."""

from collections.abc import Iterator, Mapping

from helpers.lab.cluster import belonging
from helpers.lab.course.checks.answers import Answer, done, hint
from helpers.lab.course.checks.goals import Goal, lift_ports, what_if
from helpers.lab.course.checks.situation import Object, Situation
from helpers.policies import NotFound, Pod, Policy, World, home
from helpers.policies.model import Peer
from helpers.policies.model.addresses import Block, parse_address

COLLECTOR, VISITOR, IMPOSTOR = "collector", "visitor", "impostor"
AD, AD_PORT = "adservice", 9555
BANK, NEIGHBOUR, BANK_PORT = "203.0.113.10", "203.0.113.11", 443


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
    wrong = let_in_too_much(situation)
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
    near = what_if(world, Goal(AD, (there(COLLECTOR),), AD_PORT), there(COLLECTOR), lift_ports)
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


def let_in_too_much(situation: Situation) -> Answer | None:
    """Who gets in besides the collector."""
    world = with_impostor(situation)
    in_default, visitor = world.judge(IMPOSTOR, AD, AD_PORT), world.judge(there(VISITOR), AD, AD_PORT)
    if visitor and in_default:
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
    if in_default:
        return hint(
            "any-namespace",
            f"A pod of `{home.namespace()}` with the label `app=collector` would get in as well. Name the "
            "namespace by its own label.",
        )
    if world.judge(there(COLLECTOR), AD, AD_PORT + 1):
        return hint("ports", f"The collector gets in on other ports too. Name the one that it needs, {AD_PORT}.")
    return None


def with_impostor(situation: Situation) -> World:
    """The world with one pod more: in the course's namespace, with the collector's label."""
    impostor: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {},
        "metadata": {"name": IMPOSTOR, "namespace": home.namespace(), "labels": {"app": "collector"}},
    }
    return World.of([*situation.objects, impostor])


def bank(situation: Situation) -> Answer:
    """Notebook 07: paymentservice may call one outside address on one port, and nobody else may."""
    world = situation.world
    if missing := not_there(world, "paymentservice", AD):
        return hint("no-shop", f"There is no `{missing}` in the cluster. `lab.deploy()` brings the shop.")
    payment = world.pod("paymentservice")
    if not world.isolating(payment, "egress"):
        return hint("open", "paymentservice may call everything: no policy limits its egress. Run the first cells.")
    if not world.judge(payment, BANK, BANK_PORT):
        return no_bank(world, payment)
    wrong = too_wide(world, payment)
    if wrong is not None:
        return wrong
    return done(f"paymentservice reaches {BANK} on port {BANK_PORT}, and nothing else out there.")


def no_bank(world: World, payment: Pod) -> Answer:
    """Why the bank is out of reach."""
    for policy in world.policies:
        blocks = [peer.block for rule in policy.egress or () for peer in rule.peers if peer.block is not None]
        if policy.selects(payment) and any(holds(block, BANK) for block in blocks):
            return hint("port", f"`{policy.name}` names the bank's address, and not port {BANK_PORT} over TCP.")
        if policy.selects(payment) and blocks:
            return hint(
                "address", f"`{policy.name}` names another address than {BANK}. A block with one address ends in `/32`."
            )
        if blocks and not policy.selects(payment):
            return hint(
                "other-pod",
                f"`{policy.name}` selects other pods. `podSelector` picks the caller here, since "
                "egress is the caller's end.",
            )
        entering = [peer.block for rule in policy.ingress or () for peer in rule.peers if peer.block is not None]
        if policy.selects(payment) and entering:
            return hint(
                "as-ingress",
                f"`{policy.name}` lets the bank call paymentservice. Asked for is the other way: egress, and `to`.",
            )
    return hint("nothing-yet", "No policy lets paymentservice call the bank so far.")


def too_wide(world: World, payment: Pod) -> Answer | None:
    """What became possible besides."""
    if world.judge(AD, BANK, BANK_PORT):
        return hint("everyone", "Other pods reach the bank too. Select paymentservice alone.")
    if world.judge(payment, NEIGHBOUR, BANK_PORT):
        return hint("block", f"paymentservice reaches {NEIGHBOUR} as well. The bank has one address: `{BANK}/32`.")
    if world.judge(payment, BANK, 80):
        return hint("ports", f"paymentservice reaches the bank on other ports too. Name {BANK_PORT} alone.")
    return None


def holds(block: Block, address: str) -> bool:
    version, value = parse_address(address)
    return block.version == version and block.contains(value)


def not_there(world: World, *names: str) -> str:
    """The first of these that doesn't run."""
    for name in names:
        try:
            world.pod(name)
        except NotFound:
            return name
    return ""


def monitoring() -> str:
    """The other team's namespace, as it is called here."""
    return belonging.namespace("monitoring")


def there(name: str) -> str:
    """A pod of theirs, as the world calls it."""
    return f"{monitoring()}/{name}"
