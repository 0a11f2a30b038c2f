"""Pod templates: where an object of any kind holds them, and the pods that stand for its pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from helpers.policies.model import Pod
from helpers.policies.reading.kinds import BUILT_IN, EVERYWHERE, TEMPLATES, kind_of
from helpers.policies.reading.objects import container_ports, identity, labels_of, mapping

_DEEPEST = 8
_HOLDS_NONE = frozenset({"metadata", "status"})


class Template(NamedTuple):
    """A pod template in an object: its path, as "spec.template", the pod template, how many pods it is for."""

    path: str
    content: Mapping[str, Any]
    members: int

    @property
    def role(self) -> str:
        """What tells this template from the object's others, such as "workerGroupSpecs-0"."""
        steps = [step for step in self.path.split(".") if step not in ("spec", "template", "podTemplate")]
        return "-".join(steps[-2:] if steps[-1:] and steps[-1].isdigit() else steps[-1:])


def templates_of(item: Mapping[str, Any]) -> list[Template]:
    """The templates of a workload: where its kind has them, or, of a kind that isn't known, wherever there are
    containers. Empty for what is none. Raises Unreadable."""
    kind = kind_of(item)
    if kind.group is None or kind.group in BUILT_IN:
        if kind.name in TEMPLATES:
            return [_at(TEMPLATES[kind.name], item)]
        if kind.group is not None or kind.name in EVERYWHERE:
            return []
    return [] if kind.stands_for_others else list(_search(item, "", 1, 0))


def _at(steps: tuple[str, ...], item: Mapping[str, Any]) -> Template:
    members, path, content = 1, "spec", mapping(item, "spec")
    for key in steps:
        members = _members(content, members)
        path, content = f"{path}.{key}", mapping(content, key, f"{path}.")
    return Template(path, content, members)


def _search(node: Any, path: str, members: int, depth: int) -> Iterator[Template]:
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for index, entry in enumerate(node):
            yield from _search(entry, f"{path}.{index}", members, depth + 1)
    elif isinstance(node, Mapping):
        if _runs_containers(node.get("spec")):
            yield Template(path, node, members)
            return
        members = _members(node, members)
        for key, value in node.items():
            if isinstance(value, Mapping | list) and not (depth == 0 and key in _HOLDS_NONE):
                yield from _search(value, f"{path}.{key}".lstrip("."), members, depth + 1)


def _runs_containers(spec: Any) -> bool:
    containers = spec.get("containers") if isinstance(spec, Mapping) else None
    return isinstance(containers, list) and bool(containers) and all(isinstance(one, Mapping) for one in containers)


def _members(spec: Mapping[str, Any], otherwise: int) -> int:
    """How many pods a workload's spec asks for."""
    return next(
        (
            count
            for count in (spec.get("replicas"), spec.get("parallelism"))
            if isinstance(count, int) and not isinstance(count, bool)
        ),
        otherwise,
    )


def template_pods(kind: str, item: Mapping[str, Any], templates: list[Template]) -> Iterator[Pod]:
    """The pods that stand for a workload's pods, one a template: labels and ports are those of the template."""
    namespace, name = identity(item)
    for template in templates:
        prefix = f"{template.path}." if template.path else ""
        spec = mapping(template.content, "spec", prefix)
        role = f"-{template.role}" if len(templates) > 1 and template.role else ""
        yield Pod(
            namespace=namespace,
            name=name + role,
            labels=labels_of(mapping(template.content, "metadata", prefix), path=f"{prefix}metadata."),
            ports=container_ports(spec, f"{prefix}spec."),
            workload=f"{kind}/{name}",
            host_network=spec.get("hostNetwork") is True,
            template=True,
            replicas=template.members,
            source=item,
            manifest=template.content,
        )
