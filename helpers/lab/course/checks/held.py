"""Whether the cluster does what its policies say, and which leftover policy keeps it from that."""

from helpers.lab.course.checks.answers import Answer, hint
from helpers.lab.course.checks.situation import Situation, not_there

DNS = "kube-system/coredns"

_TRIED = (("checkoutservice", "emailservice:5000", True), ("adservice", "redis-cart:6379", False))


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
