"""The arrows of monitoring: what Prometheus is told to fetch by annotations, ServiceMonitors and PodMonitors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from helpers.policies.application.arrows import Arrow, Evidence, Found
from helpers.policies.application.directory import Directory
from helpers.policies.application.fields import (
    Json,
    at,
    mapping,
    mappings,
    name_of,
    namespace_of,
    strings,
    texts,
    title_of,
)
from helpers.policies.model import Pod
from helpers.policies.model.naming import TELLING
from helpers.policies.model.selectors import Selector, parse_selector
from helpers.policies.model.services import pod_port
from helpers.policies.reading.places import where
from helpers.policies.wording import listed, short
from helpers.policies.world import World

_SCRAPERS = frozenset({"prometheus", "prometheus-server", "vmagent"})
_BESIDE = frozenset({"alertmanager", "pushgateway", "node-exporter", "kube-state-metrics", "operator"})


def scraped(world: World, directory: Directory, into: Found) -> None:
    """Add an arrow from each Prometheus to what it fetches; a note where there is none in the input."""
    scrapers = [pod.workload_key for pod in directory.units() if _is_scraper(pod)]
    alone: dict[str, None] = {}
    for pod, port, evidence in (*_annotated(world, directory), *_monitored(world, directory)):
        for source in scrapers:
            if source != pod.workload_key:
                into.add(Arrow(source, pod.workload_key, port), evidence)
        if not scrapers:
            alone[f"{short(pod.workload_key)} on TCP {port} ({evidence.field})"] = None
    if alone:
        into.note(
            f"Metrics are fetched from {listed(alone, most=4)}, and no Prometheus is in the input: allow its "
            "pods there yourself."
        )


def _is_scraper(pod: Pod) -> bool:
    """Whether a pod is a Prometheus, by its image or its labels."""
    images = {
        str(one.get("image") or "").partition("@")[0].rpartition("/")[2].partition(":")[0]
        for one in mappings(pod.manifest, "spec", "containers")
    }
    said = {pod.labels.get(key) for key in TELLING}
    return bool(images & _SCRAPERS) or bool(said & _SCRAPERS and not said & _BESIDE)


def _annotated(world: World, directory: Directory) -> Iterator[tuple[Pod, int, Evidence]]:
    for pod in directory.units():
        kind, _, name = pod.workload.partition("/")
        found = texts(pod.manifest, "metadata", "annotations")
        for port in _by_annotations(found, [one.number for one in pod.ports if one.protocol == "TCP"]):
            yield (
                pod,
                port,
                Evidence(_annotation(found), f"{kind} {pod.namespace}/{name}", where(pod.source or {}), "scrape"),
            )
    services = {(namespace_of(item), name_of(item)): item for item in world.objects if item.get("kind") == "Service"}
    for service in world.services:
        item = services.get((service.namespace, service.name), {})
        found = texts(item, "metadata", "annotations")
        for pod in directory.behind(service) if found else ():
            own = [
                number
                for entry in service.ports
                if entry.protocol == "TCP" and (number := pod_port(entry, pod)) is not None
            ]
            for port in _by_annotations(found, own):
                yield pod, port, Evidence(_annotation(found), f"Service {service.key}", where(item), "scrape")


def _by_annotations(annotations: dict[str, str], own: Sequence[int]) -> list[int]:
    """The ports to fetch: the one that an annotation names, or all of the pod's own."""
    scrape, port = annotations.get("prometheus.io/scrape", ""), annotations.get("prometheus.io/port", "")
    if scrape.lower() == "false" or not (scrape.lower() == "true" or port):
        return []
    return [int(port)] if port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536 else list(own)


def _annotation(annotations: dict[str, str]) -> str:
    name = "prometheus.io/port" if annotations.get("prometheus.io/port") else "prometheus.io/scrape"
    return f"annotation {name}: {annotations[name][:10]!r}"


def _monitored(world: World, directory: Directory) -> Iterator[tuple[Pod, int, Evidence]]:
    labels = {
        (namespace_of(item), name_of(item)): texts(item, "metadata", "labels")
        for item in world.objects
        if item.get("kind") == "Service"
    }
    for item in world.objects:
        evidence = Evidence(title_of(item), "", where(item), "scrape")
        selector = _selector(item)
        if selector is None:
            continue
        if item.get("kind") == "ServiceMonitor":
            for service in world.services:
                if _watches(item, service.namespace) and selector.matches(labels[service.namespace, service.name]):
                    for pod in directory.behind(service):
                        named = {
                            entry.name: port for entry in service.ports if (port := pod_port(entry, pod)) is not None
                        }
                        for endpoint in mappings(item, "spec", "endpoints"):
                            yield from ((pod, port, evidence) for port in _of_endpoint(endpoint, pod, named))
        elif item.get("kind") == "PodMonitor":
            for pod in directory.units():
                if _watches(item, pod.namespace) and selector.matches(pod.labels):
                    named = {one.name: one.number for one in pod.ports}
                    for endpoint in mappings(item, "spec", "podMetricsEndpoints"):
                        yield from ((pod, port, evidence) for port in _of_endpoint(endpoint, pod, named))


def _selector(item: Json) -> Selector | None:
    """The selector of a monitor; None for other objects, and for one that can't be read."""
    if item.get("kind") not in ("ServiceMonitor", "PodMonitor"):
        return None
    try:
        return parse_selector(mapping(item, "spec", "selector"))
    except (KeyError, TypeError, AttributeError):
        return None


def _watches(item: Json, namespace: str) -> bool:
    """Whether a monitor looks into a namespace; without a selector it does into its own."""
    chosen = mapping(item, "spec", "namespaceSelector")
    names = strings(chosen, "matchNames")
    return chosen.get("any") is True or namespace in (names or [namespace_of(item)])


def _of_endpoint(endpoint: Json, pod: Pod, named: dict[str, int]) -> list[int]:
    """The pod's port that a monitor's endpoint means: by the Service's name for it, by number, or by the pod's."""
    port, target, number = endpoint.get("port"), endpoint.get("targetPort"), at(endpoint, "portNumber")
    if isinstance(port, str):
        return [named[port]] if port in named else []
    if type(number) is int or type(target) is int:
        return [int(number or target)]  # type: ignore[arg-type]
    return [one.number for one in pod.ports if one.name == target] if isinstance(target, str) else []
