"""The command `matrix`: everything that may reach everything, or the part of it that is asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator

from helpers.cli.policy_input import BadInput
from helpers.cli.policy_output import answer, drawn
from helpers.policies.application.formats import as_json, matrix_as
from helpers.policies.matrix.listing import Backend, Connection, connections
from helpers.policies.matrix.units import unit_name
from helpers.policies.model.addresses import OUTSIDE, is_address, parse_address
from helpers.policies.model.naming import INGRESS_CONTROLLER
from helpers.policies.model.ports import Span, spans_text
from helpers.policies.wording import clean_line, listed
from helpers.policies.world import World

Keep = Callable[[Connection], bool]


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes besides its source and its form."""
    parser.add_argument("--by", choices=("workload", "pod"), default="workload")
    parser.add_argument(
        "-n",
        "--namespace",
        action="append",
        default=[],
        help="only connections with an end in this namespace; repeatable",
    )
    parser.add_argument(
        "--from",
        dest="source",
        default="",
        metavar="END",
        help="only from this pod, workload or address; `outside` is the world outside of the cluster",
    )
    parser.add_argument("--to", dest="target", default="", metavar="END", help="only to this end")
    parser.add_argument(
        "--exposed",
        action="store_true",
        help="only what is shown to the outside (by Ingresses, routes, Services of type LoadBalancer "
        "or NodePort) and may be reached, on the ports that are shown",
    )


def show(options: argparse.Namespace, world: World) -> None:
    """Print the connections that are asked for, in the form that is. Raises BadInput and NotFound."""
    lines: Iterable[Connection] = connections(world.matrix(options.by), _behind_ingresses(world))
    if options.exposed:
        lines = _exposed(world, options.by, lines)
    filters = list(_filters(options, world))
    kept = [line for line in lines if all(keep(line) for keep in filters)] if filters else list(lines)
    if not kept:
        print(f"python -m helpers matrix: {clean_line(_nothing(options, world))}", file=sys.stderr)
    if options.output == "json":
        answer(
            as_json(
                {"connections": [line.as_dict() for line in kept], "unread": [one.as_dict() for one in world.unread]}
            ),
            form="json",
        )
    else:
        answer(drawn(matrix_as, options.output, kept), world.unread, options.output)


def _behind_ingresses(world: World) -> Iterable[Backend]:
    """What Ingresses and routes lead to; how that is found is loaded only where there is one."""
    if not any(str(item.get("kind")).endswith(("Ingress", "Route")) for item in world.objects):
        return ()
    from helpers.policies.application.exposure import ingress_backends

    return ingress_backends(world)


def _filters(options: argparse.Namespace, world: World) -> Iterator[Keep]:
    if options.namespace:
        known = dict.fromkeys(pod.namespace for pod in world.pods)
        for name in options.namespace:
            if name not in known:
                raise BadInput(
                    f"no pod of the input is in a namespace {name!r}; there "
                    f"{'is' if len(known) == 1 else 'are'} {listed(known) or 'none'}"
                )
        yield lambda line: any(
            end.partition("/")[0] in options.namespace and "/" in end for end in (line.source, line.target)
        )
    if options.source:
        source = _is_end(world, options.source, options.by)
        yield lambda line: source(line.source)
    if options.target:
        target = _is_end(world, options.target, options.by)
        yield lambda line: target(line.target)


def _is_end(world: World, name: str, by: str) -> Callable[[str], bool]:
    """Whether an end of a line is the one of this name; raises NotFound."""
    end = world.end(name)
    if end.text in (OUTSIDE, INGRESS_CONTROLLER):
        return lambda text: text == end.text or (end.text == OUTSIDE and _is_range(text))
    if end.pod is not None:
        unit = unit_name(end.pod, by)
        return lambda text: text == unit
    if not is_address(name):
        raise BadInput(f"{name} has no line of its own in the matrix: `can` and `explain` judge it")
    return lambda text: _is_range(text) and _holds(text, name)


def _is_range(text: str) -> bool:
    return is_address(text.partition("-")[0])


def _holds(text: str, address: str) -> bool:
    first, _, last = text.partition("-")
    return parse_address(first) <= parse_address(address) <= parse_address(last)


def _exposed(world: World, by: str, lines: Iterable[Connection]) -> Iterator[Connection]:
    """The lines from outside, or from what brings its calls in, to what is shown to it, on the ports that are shown."""
    from helpers.policies.application.need import needs

    shown: dict[tuple[str, str], set[tuple[str, int]]] = {}
    for arrow in needs(world):
        if any(one.kind == "exposure" for one in arrow.evidence):
            for source in _units(world, arrow.source, by):
                for target in _units(world, arrow.target, by):
                    shown.setdefault((source, target), set()).add((arrow.protocol, arrow.port))
    for line in lines:
        ports = shown.get((OUTSIDE if _is_range(line.source) else line.source, line.target), set())
        spans = tuple(sorted(_common(line.spans, ports)))
        if spans:
            yield Connection(line.source, line.target, spans_text(spans), spans)


def _units(world: World, end: str, by: str) -> list[str]:
    """The names that an end of an arrow has in the matrix."""
    found = world.workloads.get(end)
    return list(dict.fromkeys(unit_name(pod, by) for pod in found.pods)) if found else [end]


def _common(spans: Iterable[Span], ports: Iterable[tuple[str, int]]) -> Iterator[Span]:
    wanted = list(ports)
    for protocol, first, last in spans:
        yield from ((protocol, port, port) for kind, port in wanted if kind == protocol and first <= port <= last)


def _nothing(options: argparse.Namespace, world: World) -> str:
    """Why there is no line."""
    if not world.pods:
        return "the input has no pod and no workload, so there is nothing to list"
    asked = [f"from {options.source}"] * bool(options.source) + [f"to {options.target}"] * bool(options.target)
    asked += [f"in {listed(options.namespace)}"] * bool(options.namespace)
    what = (
        "nothing that is shown to the outside may be reached from there"
        if options.exposed
        else ("no connection is allowed")
    )
    return " ".join([what, *asked])
