"""Policies that were there before the course, and stay: said, since they decide about its pods too."""

from helpers.lab.cluster import belonging, looking, session
from helpers.lab.errors import LabError
from helpers.policies import home
from helpers.policies.wording import listed, plural, short


def stays() -> str:
    """A sentence or two about the policies from before; empty if there is none."""
    found = belonging.standing(session.current())
    if not found:
        return ""
    keys = [f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in found]
    chosen = _selected(set(keys))
    selects = f"selecting {listed(chosen)}" if chosen else "selecting no pod of now"
    return (
        f"{plural(len(keys), 'policy', 'policies')} from before {'stays' if len(keys) == 1 else 'stay'}: "
        f"{listed(map(home.short, keys))}, {selects}, and may change what you see. To go on without, take a namespace "
        'of your own: lab.start(namespace="my-shop").'
    )


def _selected(keys: set[str]) -> list[str]:
    """The workloads that these policies select."""
    try:
        world = looking.world()
    except LabError:
        return []
    chosen = [policy for policy in world.policies if policy.key in keys]
    return list(
        dict.fromkeys(short(pod.workload_key) for pod in world.pods if any(policy.selects(pod) for policy in chosen))
    )
