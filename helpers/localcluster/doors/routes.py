"""Where an Ingress sends a request: the rule that fits host and path best."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

Object = dict[str, Any]


class Route(NamedTuple):
    """A Service's port, by number or by name."""

    namespace: str
    service: str
    port: int | str


def choose(ingresses: Iterable[Object], host: str, path: str) -> Route | None:
    """The backend for this host (without a port) and path; None where no rule fits.

    A host that is spelled out goes before one with a star, and that before none; then an exact path before a prefix,
    and a longer prefix before a shorter one.
    """
    fitting = [found for ingress in ingresses for found in _fitting(ingress, host.lower(), path)]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


Rank = tuple[int, int, int]


def _fitting(ingress: Object, host: str, path: str) -> Iterator[tuple[Rank, Route]]:
    spec, namespace = ingress.get("spec") or {}, ingress["metadata"]["namespace"]
    if spec.get("defaultBackend"):
        yield (0, 0, 0), _route(namespace, spec["defaultBackend"])
    for rule in spec.get("rules") or ():
        by_host = _host_rank(rule.get("host") or "", host)
        for item in (rule.get("http") or {}).get("paths") or () if by_host else ():
            kind, wanted = item.get("pathType"), item.get("path") or "/"
            if kind == "Exact" and path == wanted:
                yield (by_host, 2, len(wanted)), _route(namespace, item["backend"])
            elif kind != "Exact" and _is_below(path, wanted):
                yield (by_host, 1, len(wanted)), _route(namespace, item["backend"])


def _host_rank(wanted: str, host: str) -> int:
    """How well a rule's host fits; 0 if not at all."""
    if not wanted:
        return 1
    if wanted.startswith("*."):
        head, dot, tail = host.partition(".")
        return 2 if head and dot and tail == wanted[2:] else 0
    return 3 if host == wanted else 0


def _is_below(path: str, prefix: str) -> bool:
    """Whether the path begins with the prefix, by whole elements."""
    prefix = prefix.rstrip("/")
    return path == prefix or path.startswith(f"{prefix}/")


def _route(namespace: str, backend: Object) -> Route:
    service = backend["service"]
    port = service.get("port") or {}
    return Route(namespace, service["name"], port.get("number") or port.get("name") or 80)
