"""Pods and pod templates."""

import re
from collections.abc import Iterable
from typing import Any

from helpers.localcluster.api.resource import Object
from helpers.localcluster.api.validation.metadata import check_label
from helpers.policies.errors import FieldError, forbidden, invalid, quote, required, unsupported
from helpers.policies.reading import syntax

PROTOCOLS = ("TCP", "UDP", "SCTP")
RESTART_POLICIES = ("Always", "OnFailure", "Never")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
PROBE_COUNTS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
VARIABLE = re.compile(r"[ -<>-~]+")  # printable ASCII without '='
MUTABLE = "spec.containers[*].image, spec.initContainers[*].image, spec.activeDeadlineSeconds, spec.tolerations"


def check(new: Object, old: Object | None) -> list[FieldError]:
    found = check_spec(new["spec"], "spec")
    if old:
        found += _check_unchanged(new["spec"], old["spec"])
    elif new["spec"].get("ephemeralContainers"):
        found.append(forbidden("spec.ephemeralContainers", "can only be added to a running pod, with `kubectl debug`"))
    return found


def check_spec(spec: Object, path: str) -> list[FieldError]:
    """A pod's spec, wherever it stands."""
    found: list[FieldError] = []
    if not spec.get("containers"):
        found.append(required(f"{path}.containers"))
    if spec.get("restartPolicy", "Always") not in RESTART_POLICIES:
        found.append(unsupported(f"{path}.restartPolicy", spec["restartPolicy"], RESTART_POLICIES))
    if spec.get("terminationGracePeriodSeconds", 0) < 0:
        found.append(invalid(f"{path}.terminationGracePeriodSeconds", spec["terminationGracePeriodSeconds"], _NATURAL))
    volumes = {volume["name"] for volume in spec.get("volumes") or ()}
    for list_name in ("initContainers", "containers", "ephemeralContainers"):
        for position, container in enumerate(spec.get(list_name) or ()):
            found += _check_container(container, f"{path}.{list_name}[{position}]", volumes)
    found += _check_unique(
        (f"{path}.{list_name}[{position}].name", container["name"])
        for list_name in ("initContainers", "containers", "ephemeralContainers")
        for position, container in enumerate(spec.get(list_name) or ())
    )
    return found + _check_unique(
        (f"{path}.volumes[{position}].name", volume["name"])
        for position, volume in enumerate(spec.get("volumes") or ())
    )


_NATURAL = "must be greater than or equal to 0"


def _check_container(container: Object, path: str, volumes: set[str]) -> list[FieldError]:
    found = check_label(container["name"], f"{path}.name") if container["name"] else [required(f"{path}.name")]
    image = container.get("image", "")
    if not image:
        found.append(required(f"{path}.image"))
    elif image != image.strip():
        found.append(invalid(f"{path}.image", image, "must not have leading or trailing whitespace"))
    if container.get("imagePullPolicy", "Always") not in PULL_POLICIES:
        found.append(unsupported(f"{path}.imagePullPolicy", container["imagePullPolicy"], PULL_POLICIES))
    found += _check_ports(container.get("ports") or (), f"{path}.ports")
    for position, variable in enumerate(container.get("env") or ()):
        if not VARIABLE.fullmatch(variable["name"]):
            detail = "must be printable ASCII characters other than '='"
            found.append(invalid(f"{path}.env[{position}].name", variable["name"], detail))
    for position, mount in enumerate(container.get("volumeMounts") or ()):
        if mount["name"] not in volumes:
            place = f"{path}.volumeMounts[{position}].name"
            found.append(FieldError(place, "Not found", mount["name"], ""))
    for name in PROBES:
        if name in container:
            found += _check_probe(container[name], f"{path}.{name}")
    return found


def _check_ports(ports: Iterable[Object], path: str) -> list[FieldError]:
    found: list[FieldError] = []
    names: list[tuple[str, str]] = []
    for position, port in enumerate(ports):
        place = f"{path}[{position}]"
        found += _numbered(f"{place}.containerPort", port["containerPort"])
        if port.get("protocol", "TCP") not in PROTOCOLS:
            found.append(unsupported(f"{place}.protocol", port["protocol"], PROTOCOLS))
        if port.get("name"):
            names.append((f"{place}.name", port["name"]))
            found += [invalid(f"{place}.name", port["name"], detail) for detail in syntax.port_name(port["name"])]
    return found + _check_unique(names)


def _numbered(field: str, number: int) -> list[FieldError]:
    return [invalid(field, number, detail) for detail in syntax.port_number(number)]


def _check_probe(probe: Object, path: str) -> list[FieldError]:
    handlers = [name for name in HANDLERS if name in probe]
    found = [required(path, "must specify a handler type")] if not handlers else []
    found += [forbidden(f"{path}.{name}", "may not specify more than 1 handler type") for name in handlers[1:]]
    for name in handlers[:1]:
        port = probe[name].get("port")
        if isinstance(port, int):
            found += _numbered(f"{path}.{name}.port", port)
        elif isinstance(port, str):
            found += [invalid(f"{path}.{name}.port", port, detail) for detail in syntax.port_name(port)]
    for name in PROBE_COUNTS:
        if probe.get(name, 0) < 0:
            found.append(invalid(f"{path}.{name}", probe[name], _NATURAL))
    return found


def _check_unique(names: Iterable[tuple[str, str]]) -> list[FieldError]:
    seen: set[str] = set()
    found = []
    for field, name in names:
        if name in seen:
            found.append(FieldError(field, "Duplicate value", name, ""))
        seen.add(name)
    return found


def _check_unchanged(new: Object, old: Object) -> list[FieldError]:
    if _fixed(new) == _fixed(old):
        return []
    changed = sorted(name for name in {*new, *old} if _fixed(new).get(name) != _fixed(old).get(name))
    detail = f"a pod's fields other than {MUTABLE} cannot change (changed: {', '.join(changed)}); delete and create it"
    return [forbidden("spec", detail)]


def _fixed(spec: Object) -> dict[str, Any]:
    """The spec without what may change."""
    kept = {name: value for name, value in spec.items() if name not in ("activeDeadlineSeconds", "tolerations")}
    for list_name in ("containers", "initContainers"):
        if list_name in kept:
            kept[list_name] = [{**container, "image": ""} for container in kept[list_name]]
    return kept


def check_ephemeral(new: Object, old: Object) -> list[FieldError]:
    """What the ephemeralcontainers subresource may do: add containers, nothing else."""
    path = "spec.ephemeralContainers"
    wanted = new["spec"].get("ephemeralContainers") or []
    held = old["spec"].get("ephemeralContainers") or []
    found = check_spec(new["spec"], "spec")
    by_name = {container["name"]: container for container in wanted}
    for container in held:
        if by_name.get(container["name"]) != container:
            detail = f"existing ephemeral containers {quote(container['name'])} may not be removed or changed"
            found.append(forbidden(path, detail))
    others = [container["name"] for container in new["spec"]["containers"]]
    for position, container in enumerate(wanted):
        target = container.get("targetContainerName")
        if target and target not in others:
            found.append(FieldError(f"{path}[{position}].targetContainerName", "Not found", target, ""))
    return found
