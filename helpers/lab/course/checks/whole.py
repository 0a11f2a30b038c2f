"""Tasks about the application as a whole: every arrow that it needs, and nothing besides."""

from typing import Any

from helpers.lab.course.checks.answers import Answer, done, hint
from helpers.lab.course.checks.edges import not_there
from helpers.lab.course.checks.goals import Goal, secured
from helpers.lab.course.checks.situation import Object, Situation
from helpers.policies import Pod, default, home
from helpers.policies.application.need import Arrow, needs
from helpers.policies.application.reach import Call, Reach
from helpers.policies.model.addresses import OUTSIDE
from helpers.policies.model.naming import is_system
from helpers.policies.wording import listed

DNS = "kube-system/coredns"

_TRIED = (("checkoutservice", "emailservice:5000", True), ("adservice", "redis-cart:6379", False))


def collection(situation: Situation) -> Answer:
    """Notebook 05: ingress policies that allow each arrow of the shop and nothing else."""
    wrong = incoming(situation)
    if wrong is None:
        wrong = otherwise(situation)
    return wrong if wrong is not None else done("Every arrow of the shop is allowed, and nothing else is.")


def least(situation: Situation) -> Answer:
    """Notebook 09: least privilege at both ends, with DNS."""
    for look in (incoming, outgoing, inexact, otherwise):
        wrong = look(situation)
        if wrong is not None:
            return wrong
    return done("Every pod may call what it needs, may be called by those who need it, and no more.")


def arrows(situation: Situation) -> tuple[Arrow, ...]:
    """The calls that the application needs, judged at the called end; who calls from outside counts as outside."""
    return needs(situation.world).of_application


def goals(situation: Situation) -> list[Goal]:
    """What each service of the architecture should accept, in the order of their names."""
    callers: dict[tuple[str, int, str], list[str]] = {}
    for arrow in arrows(situation):
        found = callers.setdefault((bare(arrow.target), arrow.port, arrow.protocol), [])
        found += [bare(arrow.source)] if arrow.source != OUTSIDE else []
    return [Goal(target, tuple(found), port, protocol) for (target, port, protocol), found in sorted(callers.items())]


def bare(name: str) -> str:
    """A workload's name alone, from its key or its pods' name for it."""
    return name.partition("[")[0].rpartition("/")[2]


def incoming(situation: Situation) -> Answer | None:
    """The first thing that is wrong at the called ends."""
    wanted = goals(situation)
    if not wanted:
        return hint("no-shop", "There is no shop in the cluster. `lab.deploy()` brings it.")
    if not situation.world.policies:
        return hint("nothing-yet", "There is no policy in the cluster so far.")
    for goal in wanted:
        answer = ingress(situation, goal)
        if answer is not None:
            return answer
    return None


def ingress(situation: Situation, goal: Goal) -> Answer | None:
    """What is wrong with who may call one service, its egress left aside."""
    halves = inbound(situation)
    target = situation.world.pod(goal.target)
    if not halves.world.isolating(target, "ingress") and situation.world.isolating(target, "ingress"):
        return hint("no-rule", f"{goal.target} is closed to everyone: it is selected, and no policy lets anybody in.")
    answer = secured(halves, goal)
    if not answer:
        return hint(answer.mistake, f"Look at {goal.target}. {answer.text}")
    exposed = any(arrow.source == OUTSIDE and bare(arrow.target) == goal.target for arrow in arrows(situation))
    outside = situation.world.judge(OUTSIDE, goal.target, goal.port, goal.protocol)
    if exposed and not outside:
        return hint(
            "no-outside",
            f"Customers come from outside the cluster, and {goal.target} doesn't let them in. "
            "They have no labels: an `ipBlock` names them.",
        )
    if outside and not exposed:
        return hint("outside", f"{goal.target} can be called from outside the cluster.")
    return None


def inbound(situation: Situation) -> Situation:
    """The same cluster with the policies' rules for what comes in, and no others.

    A policy that only denies is left out: a default deny selects more than the goal's target, and rightly so.
    """
    others = tuple(item for item in situation.objects if item.get("kind") != "NetworkPolicy")
    return Situation((*others, *(half for item in situation.policies if (half := ingress_of(item)) is not None)))


def ingress_of(policy: Object) -> dict[str, Any] | None:
    """A policy's ingress half; None for one that lets nobody in."""
    full = default(dict(policy))
    spec = {name: value for name, value in full["spec"].items() if name != "egress"}
    if "Ingress" not in spec["policyTypes"] or not spec.get("ingress"):
        return None
    return {**full, "spec": {**spec, "policyTypes": ["Ingress"]}}


def otherwise(situation: Situation) -> Answer | None:
    """The policies are right: does the cluster do what they say? One call that is needed, one that isn't."""
    for source, target, wanted in _TRIED:
        if situation.connects(source, target) is (not wanted):
            held = held_back(situation, source, target) if wanted else None
            return (
                held
                if held is not None
                else hint(
                    "otherwise",
                    f"Your policies are right, and yet {source} {'could not' if wanted else 'could'} "
                    f"connect to {target}. Does this cluster enforce policies? `lab.prove_enforcement()` tells.",
                )
            )
    return None


def held_back(situation: Situation, source: str, target: str) -> Answer | None:
    """Policies of the calling end that keep it from making the call, or from looking up its target's name."""
    world, (service, _, port) = situation.world, target.partition(":")
    if not_there(world, source, service, DNS):
        return None
    called = world.explain(source, service, int(port), service=service).egress.allowed
    if called and world.judge(source, DNS, 53, "UDP").egress.allowed:
        return None
    found = world.isolating(world.pod(source), "egress")
    names = [policy.name for policy in found]
    nobody = not any(policy.egress for policy in found)
    one = len(names) == 1
    said = " and ".join(f"`{name}`" for name in names)
    said += (
        f" {'lets' if one else 'let'} {source} call nobody"
        if nobody
        else (f" {'does' if one else 'do'}n't let {source} {'look up names' if called else f'call {service}'}")
    )
    return hint(
        "held-back",
        f"{said}. This is about who may be called: take {'it' if one else 'them'} away first with "
        f"`!kubectl delete networkpolicy {' '.join(names)}`.",
    )


def outgoing(situation: Situation) -> Answer | None:
    """The first thing that is wrong at the calling ends."""
    world = situation.world
    needed = {(bare(arrow.source), bare(arrow.target), arrow.port, arrow.protocol) for arrow in arrows(situation)}
    pods = {bare(pod.workload): pod for pod in world.pods if pod.namespace == home.namespace()}
    for name, pod in pods.items():
        if not world.isolating(pod, "egress"):
            return hint("egress-open", f"{name} may call whatever it likes: no policy limits its egress.")
        wrong = no_dns(situation, name, pod) if any(source == name for source, *_ in needed) else None
        if wrong is not None:
            return wrong
    for source, target, port, protocol in sorted(needed):
        ends = pods.get(source), pods.get(target)
        if ends[0] and ends[1] and not world.judge(ends[0], ends[1], port, protocol).egress.allowed:
            return hint("egress-missing", f"{source} isn't let out to {target} on port {port}.")
    return too_much(situation, pods)


def inexact(situation: Situation) -> Answer | None:
    """What may be called and needn't, or must and can't: the whole application at once, as the matrix shows it."""
    reach = Reach.of(situation.world, needs(situation.world))
    broken = [call for call in reach.broken if of_application(call)]
    if broken:
        return hint("missing", f"The application needs {listed(map(str, broken), most=3)}, and policies deny that.")
    besides = sorted(call for call in reach.calls - reach.stage.needed if of_application(call))
    if besides:
        return hint("besides", f"Policies allow {listed(map(str, besides), most=3)} as well, and nobody needs that.")
    return None


def of_application(call: Call) -> bool:
    """Whether a call is between the application's own workloads, or comes in from outside."""
    return not any(is_system(end.partition("/")[0]) for end in call[:2]) and call.target != OUTSIDE


def no_dns(situation: Situation, name: str, pod: Pod) -> Answer | None:
    """Whether a pod that calls others by name can look up the names."""
    if not situation.world.judge(pod, DNS, 53, "UDP").egress.allowed:
        return hint(
            "no-dns",
            f"{name} can't look up any name: DNS is egress too, port 53 of the pods in `kube-system` "
            "with the label `k8s-app=kube-dns`.",
        )
    if not situation.world.judge(pod, DNS, 53, "TCP").egress.allowed:
        return hint("dns-udp-only", f"{name} may ask the DNS over UDP only. Long answers come over TCP: allow both.")
    return None


def too_much(situation: Situation, pods: dict[str, Pod]) -> Answer | None:
    """Whether somebody may call the world outside, which nothing in the shop needs."""
    for name, pod in pods.items():
        verdict = situation.world.judge(pod, OUTSIDE, 443)
        if verdict:
            return hint(
                "egress-outside",
                f"{name} may call any address outside the cluster: `{verdict.policies[0]}` "
                "lets it. An empty rule, or one without `to`, means everywhere.",
            )
    return None
