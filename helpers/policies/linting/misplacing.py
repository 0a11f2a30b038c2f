"""Labels that stand on a workload and not on its pods, which are all that a policy sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from helpers.policies.linting.case import Case
from helpers.policies.model import Pod
from helpers.policies.model.selectors import Selector
from helpers.policies.reading.kinds import TEMPLATES
from helpers.policies.wording import listed


def misplaced(case: Case, selector: Selector, pod: Pod) -> str:
    """How to mend a selector that fits the labels of a pod's workload, and not the pod's; empty if that isn't so."""
    outer = list(_outer(case, pod))
    for labels in [labels for _, labels in outer]:
        every = {**labels, **pod.labels}
        if selector.requirements and selector.matches(every) and not selector.matches(pod.labels):
            missing = [f"{key}={every[key]}" for key, _, _ in selector.misses(pod.labels) if key in every]
            where = [
                name
                for name, having in outer
                if all(having.get(key) == value for key, value in (text.split("=", 1) for text in missing))
            ]
            return (
                f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} on {listed(where)}, not on the pods of "
                f"{pod.namespace}/{pod.workload.partition('/')[2]}: put {'it' if len(missing) == 1 else 'them'} "
                f"into {_template_path(pod)}.metadata.labels."
            )
    return ""


def _template_path(pod: Pod) -> str:
    return ".".join(("spec", *TEMPLATES.get(pod.kind, ("template",))))


def _outer(case: Case, pod: Pod) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The labels around a pod's template, with whose they are, the innermost first."""
    item = pod.source if pod.template else case.workload_object(pod)
    if item is None or pod.kind == "Pod":
        return
    for steps, name in ((("spec", "jobTemplate"), "its Job template"), ((), f"the {pod.kind}")):
        node: Any = item
        for step in (*steps, "metadata", "labels"):
            node = node.get(step) if isinstance(node, Mapping) else None
        if isinstance(node, Mapping):
            yield name, {str(key): value for key, value in node.items() if isinstance(value, str)}


def misplaced_somewhere(case: Case, selector: Selector, namespaces: set[str]) -> str:
    """Like `misplaced`, for the first workload of some namespaces of which it is true."""
    pods = {pod.workload_key: pod for pod in case.world.pods if pod.namespace in namespaces}
    return next(filter(None, (misplaced(case, selector, pod) for pod in pods.values())), "")
