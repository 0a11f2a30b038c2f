"""What the exam's tasks ask of the cluster, judged as the others are."""

from helpers.lab.course.checks.answers import Answer, done, first, hint
from helpers.lab.course.checks.excess import admissions
from helpers.lab.course.checks.goals import Goal
from helpers.lab.course.checks.leaving import egress, lookups, reachable
from helpers.lab.course.checks.score import scored
from helpers.lab.course.checks.securing import broken_calls, secured
from helpers.lab.course.checks.situation import Situation, not_there
from helpers.lab.course.checks.strangers import NEWCOMER, Stranger, addresses, invented
from helpers.policies import Pod, home
from helpers.policies.model.addresses import format_address, parse_address, parse_block

TOOLS = "tools"
RATES = parse_block("198.51.100.0/24", ("198.51.100.128/25",))


def currency(situation: Situation) -> Answer:
    """Task 1: currencyservice for its two callers."""
    return secured(situation, Goal("currencyservice", ("frontend", "checkoutservice"), 7000))


def closed_by_default(situation: Situation) -> Answer:
    """Task 2: whatever is deployed tomorrow is closed for calls, and nothing breaks."""
    missing = shop_missing(situation)
    if missing is not None:
        return missing
    newcomer = invented(home.namespace(), NEWCOMER)
    if not situation.world.isolating(newcomer, "ingress"):
        return hint("nothing-yet", "A pod that is deployed tomorrow is selected by no policy, and so open to all.")
    caller = next(
        (pod for pod in situation.world.pods if situation.world.judge(pod, newcomer, 80).ingress.allowed), None
    )
    if caller is not None:
        return hint("newcomer-open", f"{caller.name} may call a pod that is deployed tomorrow: a rule lets it in.")
    broken = breaks(situation)
    if broken is not None:
        return broken
    score = scored(situation)
    return done("Closed by default, and all works.") if score.exact else hint("changed", f"The arrows changed: {score}")


def tools(situation: Situation) -> Answer:
    """Task 3: every pod of the namespace `tools` may call the frontend on its port, and no other namespace may."""
    missing = shop_missing(situation)
    if missing is not None:
        return missing
    world, goal = situation.world, Goal("frontend", ("loadgenerator",), 8080, exposed=True)
    visitor = invented(TOOLS, {})
    if not world.judge(visitor, world.pod("frontend"), 8080).ingress.allowed:
        named = world.judge(invented(TOOLS, NEWCOMER), world.pod("frontend"), 8080).ingress
        return hint(
            "nothing-yet", f"A pod of `{TOOLS}` is not let in: {', '.join(named.policies) or 'no rule'} decides."
        )
    for found in admissions(world, goal):
        who = found.who.pod if isinstance(found.who, Stranger) else found.who
        if found.kind == "ports":
            return hint("ports", f"More than port 8080 of the frontend is open: {found.protocol} {found.port} too.")
        if not isinstance(who, Pod) or who.namespace != TOOLS:
            return hint("elsewhere", f"{found} gets in too. Name the namespace by its label, in an item of its own.")
    every = all(
        world.judge(invented(TOOLS, labels), world.pod("frontend"), 8080).ingress.allowed
        for labels in ({}, NEWCOMER, {"app": "frontend"})
    )
    wide = any(
        world.judge(visitor, world.pod("frontend"), port, protocol).ingress.allowed
        for port, protocol in ((8081, "TCP"), (1, "TCP"), (8080, "UDP"))
    )
    if not every or wide:
        return hint("ports" if wide else "some", "All pods of `tools`, on the frontend's port 8080 alone.")
    broken = breaks(situation)
    return (
        broken if broken is not None else done("Every pod of `tools` gets in at the frontend, nobody else from afar.")
    )


def recommendation(situation: Situation) -> Answer:
    """Task 4: recommendationservice calls productcatalogservice and the DNS, and nobody else."""
    missing = shop_missing(situation)
    if missing is not None:
        return missing
    wrong = egress(situation, "recommendationservice", situation.world.pod("recommendationservice"))
    wrong = first((wrong, breaks(situation)))
    return wrong if wrong is not None else done("recommendationservice calls what it needs, and may look up its name.")


def rates(situation: Situation) -> Answer:
    """Task 6: currencyservice calls a block of addresses without its upper half, on one port."""
    missing = shop_missing(situation)
    if missing is not None:
        return missing
    world, pod = situation.world, situation.world.pod("currencyservice")
    policies = world.isolating(pod, "egress")
    if not policies:
        return hint("open", "No policy limits currencyservice's egress. Begin the task anew: `lab.exam(6)`.")
    wanted = []
    for address in addresses(policies, "egress", RATES):
        version, value = parse_address(address)
        asked, allowed = version == RATES.version and RATES.contains(value), bool(world.judge(pod, address, 443))
        if asked and not allowed:
            return hint("nothing-yet", f"currencyservice may not call {address} on port 443.")
        if allowed and not asked:
            return hint("block", f"currencyservice may call {address} too, which is not among the addresses.")
        wanted += [(address, 443, "TCP")] * asked
    for who, port, protocol in reachable(world, pod, [*wanted, *lookups(world)], RATES):
        return hint("besides", f"currencyservice may call {who} on {protocol} {port} too, and needn't.")
    neighbour = format_address(RATES.version, RATES.first)
    if world.judge("adservice", neighbour, 443):
        return hint("everyone", "adservice may call there too. Select currencyservice alone.")
    broken = breaks(situation)
    return broken if broken is not None else done("currencyservice reaches the half that was asked for, on port 443.")


def shop_missing(situation: Situation) -> Answer | None:
    missing = not_there(situation.world, "frontend", "currencyservice", "recommendationservice", "adservice")
    return (
        hint("no-shop", f"There is no `{missing}` in the cluster. `lab.deploy()` brings the shop.") if missing else None
    )


def breaks(situation: Situation) -> Answer | None:
    """Something that the shop needs and that is denied."""
    found = broken_calls(situation)
    return hint("breaks", f"The shop needs {found[0]}, and that is denied now.") if found else None
