"""The task at the shop's edge: one pod calls one address outside of the cluster."""

from helpers.lab.course.checks.answers import Answer, done, first, hint
from helpers.lab.course.checks.goals import bare
from helpers.lab.course.checks.leaving import letting, lookups, reachable
from helpers.lab.course.checks.securing import broken_calls
from helpers.lab.course.checks.situation import Situation, not_there
from helpers.lab.course.checks.strangers import NEWCOMER, invented
from helpers.policies import Pod, World
from helpers.policies.model.addresses import Block, parse_address, parse_block

PAYMENT = "paymentservice"
BANK, BANK_PORT = "203.0.113.10", 443


def bank(situation: Situation) -> Answer:
    """Notebook 07: paymentservice may call one outside address on one port, and nobody else may."""
    world = situation.world
    if not_there(world, PAYMENT):
        return hint("no-shop", f"There is no `{PAYMENT}` in the cluster. `lab.deploy()` brings the shop.")
    payment = world.pod(PAYMENT)
    if not world.isolating(payment, "egress"):
        return hint("open", "paymentservice may call everything: no policy limits its egress. Run the first cells.")
    if not world.judge(payment, BANK, BANK_PORT):
        return no_bank(world, payment)
    wrong = first((everyone(world, payment), too_wide(world, payment), blocked(situation), unenforced(situation)))
    if wrong is not None:
        return wrong
    return done(
        f"paymentservice reaches {BANK} on port {BANK_PORT}, and nothing else out there.{remark(world, payment)}"
    )


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


def everyone(world: World, payment: Pod) -> Answer | None:
    """Somebody else who reaches the bank: a pod that runs, or one that may come."""
    others = [pod for pod in world.pods if pod.namespace == payment.namespace and pod.workload != payment.workload]
    for pod in [*others, invented(payment.namespace, NEWCOMER), invented(payment.namespace, {})]:
        if world.judge(pod, BANK, BANK_PORT):
            who = "A pod that comes tomorrow" if pod not in others else bare(pod.workload)
            return hint("everyone", f"{who} reaches the bank too. Select paymentservice alone, by its label.")
    return None


def too_wide(world: World, payment: Pod) -> Answer | None:
    """Whatever else paymentservice may call: another address, a pod, another port."""
    only = parse_block(f"{BANK}/32")
    for who, port, protocol in reachable(world, payment, [(BANK, BANK_PORT, "TCP"), *lookups(world)], only):
        if who == BANK:
            return hint(
                "ports", f"paymentservice reaches the bank on {protocol} {port} too. Name port {BANK_PORT} alone."
            )
        if isinstance(who, str):
            return hint(
                "block",
                f"paymentservice reaches {who} as well: {letting(world, payment, who, port, protocol)} lets it. "
                f"The bank has one address: `{BANK}/32`.",
            )
        name = bare(who.workload) if isinstance(who, Pod) else str(who)
        return hint(
            "pods",
            f"paymentservice may call {name} now too, on {protocol} {port}. The bank is no pod: an `ipBlock` alone "
            "stands under `to`.",
        )
    return None


def blocked(situation: Situation) -> Answer | None:
    """Something that the shop needs and that is denied."""
    found = broken_calls(situation)
    if not found:
        return None
    verdict = situation.world.judge(*found[0])
    return hint("breaks", f"The shop needs {found[0]}, and that is denied now: {verdict.cause}.")


def unenforced(situation: Situation) -> Answer | None:
    """Whether somebody else reaches the bank although policies deny it."""
    if situation.connects("adservice", f"{BANK}:{BANK_PORT}") is not True:
        return None
    return hint(
        "otherwise",
        "Your policy is right, and yet adservice could connect to the bank. Does this cluster enforce policies? "
        "`lab.prove_enforcement()` tells.",
    )


def remark(world: World, payment: Pod) -> str:
    """What is worth saying about a policy that does its work."""
    for policy in world.isolating(payment, "ingress"):
        if policy.egress and not policy.ingress and "policyTypes" not in policy.source["spec"]:
            return (
                f" By the way: `{policy.name}` names no `policyTypes`, so it isolates paymentservice for what comes in "
                "as well. Here that changes nothing, since another policy does so anyway."
            )
    return ""


def holds(block: Block, address: str) -> bool:
    version, value = parse_address(address)
    return block.version == version and block.contains(value)
