"""The task of notebook 11: the mended policies of an application that isn't deployed anywhere."""

from collections.abc import Mapping, Sequence
from typing import Any

from helpers.lab import manifests
from helpers.lab.course.checks.answers import Answer, done, first, hint
from helpers.lab.course.checks.situation import Situation
from helpers.lab.course.checks.strangers import strangers
from helpers.lab.home import notebooks
from helpers.policies import World
from helpers.policies.application.need import needs
from helpers.policies.application.reach import Reach
from helpers.policies.reading.texts import Reading, read
from helpers.policies.wording import plural

FOLDER = "tickets"
PROTECTED = ("tickets/booking", "tickets/mailer", "tickets-data/database", "tickets-data/cache")
"""The workloads that have a policy, and shall be reached by what needs them alone."""

UNUSED = 9999
"""A port on which nothing of the application listens."""


def own(situation: Situation) -> Answer:
    """The policies as YAML text: those that are given take the place of their namesakes."""
    text = str(situation.given or "").strip()
    if not text:
        return hint("nothing-yet", "Write the policies that you mend into `mine`, run that cell, and then this one.")
    reading = read(text)
    given = [item for item in reading.objects if item.get("kind") == "NetworkPolicy"]
    if reading.problems or len(given) < len(reading.objects) or not given:
        why = str(reading.problems[0]) if reading.problems else "there is something else in it than a NetworkPolicy"
        return hint("unreadable", f"`mine` can't be read as policies: {why}.")
    before = _application()
    after = before.replace_policies(_merged(before, given))
    if after.problems:
        return hint("rejected", f"The API server would reject this: {after.problems[0]}.")
    astray = [policy.key for policy in after.policies if policy.namespace not in before.namespaces]
    if astray or any(policy.namespace == "default" for policy in after.policies):
        return hint("namespace", "A policy says no namespace, or one that isn't there. Keep `metadata.namespace`.")
    wrong = first(look(after) for look in (_cut, _open))
    return done("Each call that is needed is allowed, and none of the four is open.") if wrong is None else wrong


def _application() -> World:
    reading = Reading()
    manifests.read_path(str(notebooks() / FOLDER), reading)
    return World.of(reading.objects)


def _merged(world: World, given: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The application's policies with those that are given."""
    names = {_key(item) for item in given}
    return [*(policy.source for policy in world.policies if policy.key not in names), *given]


def _key(item: Mapping[str, Any]) -> str:
    about = item.get("metadata") or {}
    return f"{about.get('namespace') or 'default'}/{about.get('name')}"


def _cut(world: World) -> Answer | None:
    """A needed call that is denied: how many there are, and the first with its cause."""
    reach = Reach.of(world, needs(world))
    if not reach.broken:
        return None
    call = reach.broken[0]
    count = f"{plural(len(reach.broken), 'needed call')} {'is' if len(reach.broken) == 1 else 'are'} still cut"
    miss = next((str(one) for one in world.explain(*call).misses), world.judge(*call).cause)
    return hint("cut", f"{count}. {call}: {miss}.")


def _open(world: World) -> Answer | None:
    """A call to one of the four that nothing needs, by somebody who is there or by one who may come."""
    reach = Reach.of(world, needs(world))
    for call in sorted(reach.calls):
        if call.target.partition("[")[0] in PROTECTED and call not in reach.stage.needed:
            return hint("open", f"More is open than is needed: {call} is allowed.")
    for target in PROTECTED:
        pod = world.pod(target)
        callers = [world.workloads[arrow.source].pods[0] for arrow in needs(world) if arrow.target == pod.workload_key]
        known = {(caller.namespace, *sorted(caller.labels.items())) for caller in callers}
        for caller in callers:
            if world.judge(caller, pod, UNUSED):
                return hint("open", f"More is open than is needed: {caller.key} may call {target} on TCP {UNUSED} too.")
        for one in strangers(world, pod.namespace, world.isolating(pod, "ingress"), "ingress"):
            if (one.pod.namespace, *sorted(one.pod.labels.items())) in known:
                continue  # identity is labels
            for port in (*(port.number for port in pod.ports), UNUSED):
                if world.judge(one.pod, pod, port):
                    return hint("open", f"More is open than is needed: {one} may call {target} on TCP {port}.")
    return None
