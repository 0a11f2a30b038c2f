"""The environment of a container, built from nothing as Kubernetes builds it.

Raises ConfigError where Kubernetes would leave the container in CreateContainerConfigError.
"""

import base64
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

Object = dict[str, Any]
NODE_NAME, NODE_ADDRESS = "lab-node", "172.20.0.2"
_REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_.-][A-Za-z0-9_.-]*)\)")
_VARIABLE = re.compile(r"[A-Za-z_.-][A-Za-z0-9_.-]*")
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ConfigError(Exception):
    """The container's configuration names something that isn't there."""


class Objects(Protocol):
    """What is read of the store."""

    def get(self, key: str, namespace: str | None, name: str) -> Object | None: ...
    def list(self, key: str, namespace: str | None = None) -> list[Object]: ...


def build(
    container: Object,
    pod: Object,
    objects: Objects,
    *,
    address: str,
    network: Mapping[str, str],
    home: Path,
    tools: Path | None = None,
) -> dict[str, str]:
    """All variables of one container. `network` is the dataplane's part and wins over the container's own.

    `tools` is the directory of the commands that go through the pod network, before those of the machine.
    """
    name = pod["metadata"]["name"]
    own = f"{tools}:" if tools else ""
    env = {
        "PATH": f"{own}{Path(sys.executable).parent}:{_SYSTEM_PATH}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "HOSTNAME": (pod["spec"].get("hostname") or name)[:63],
        "POD_NAME": name,
        "POD_IP": address,
        "POD_NAMESPACE": pod["metadata"]["namespace"],
        **_service_links(pod, objects),
    }
    for source in container.get("envFrom") or ():
        env.update(_all_of(source, pod["metadata"]["namespace"], objects))
    for variable in container.get("env") or ():
        value = _value(variable, pod, objects, address, container)
        if value is not None:
            env[variable["name"]] = expand(value, env)
    return {**env, **network}


def expand(text: str, env: Mapping[str, str]) -> str:
    """Replace `$(NAME)` by its value; `$$` stands for one dollar, and an unknown name stays as it is."""

    def replacement(found: re.Match[str]) -> str:
        name = found[1]
        return "$" if name is None else env.get(name, found[0])

    return _REFERENCE.sub(replacement, text)


def _value(variable: Object, pod: Object, objects: Objects, address: str, container: Object) -> str | None:
    source = variable.get("valueFrom")
    if not source:
        return str(variable.get("value") or "")
    if "fieldRef" in source:
        return _field(source["fieldRef"]["fieldPath"], pod, address)
    if "resourceFieldRef" in source:
        raise ConfigError(f"{variable['name']}: resourceFieldRef is not served here; give the value itself")
    for field, key, kind in (("configMapKeyRef", "configmaps", "configmap"), ("secretKeyRef", "secrets", "secret")):
        if field in source:
            return _key_of(source[field], key, kind, pod["metadata"]["namespace"], objects)
    raise ConfigError(f"{variable['name']}: valueFrom names no source")


def _field(path: str, pod: Object, address: str) -> str:
    metadata, spec = pod["metadata"], pod["spec"]
    known = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": NODE_NAME,
        "spec.serviceAccountName": spec.get("serviceAccountName") or "default",
        "status.hostIP": NODE_ADDRESS,
        "status.hostIPs": NODE_ADDRESS,
        "status.podIP": address,
        "status.podIPs": address,
    }
    if path in known:
        return str(known[path])
    for field in ("labels", "annotations"):
        if found := re.fullmatch(rf"metadata\.{field}\['([^']+)'\]", path):
            return str((metadata.get(field) or {}).get(found[1], ""))
    raise ConfigError(f"fieldPath {path} is not served here")


def _data(key: str, namespace: str, name: str, objects: Objects) -> dict[str, str] | None:
    """The entries of a ConfigMap or Secret as text, or None if there is no such object."""
    held = objects.get(key, namespace, name)
    if held is None:
        return None
    data: dict[str, str] = held.get("data") or {}
    if key != "secrets":
        return data
    return {entry: base64.b64decode(value).decode(errors="replace") for entry, value in data.items()}


def _key_of(reference: Object, key: str, kind: str, namespace: str, objects: Objects) -> str | None:
    data = _data(key, namespace, reference["name"], objects)
    if data is not None and reference["key"] in data:
        return data[reference["key"]]
    if reference.get("optional"):
        return None
    if data is None:
        raise ConfigError(f'{kind} "{reference["name"]}" not found')
    raise ConfigError(f"couldn't find key {reference['key']} in {kind.capitalize()} {namespace}/{reference['name']}")


def _all_of(source: Object, namespace: str, objects: Objects) -> dict[str, str]:
    prefix = source.get("prefix") or ""
    for field, key, kind in (("configMapRef", "configmaps", "configmap"), ("secretRef", "secrets", "secret")):
        reference = source.get(field)
        if not reference:
            continue
        data = _data(key, namespace, reference["name"], objects)
        if data is None and not reference.get("optional"):
            raise ConfigError(f'{kind} "{reference["name"]}" not found')
        return {prefix + name: value for name, value in (data or {}).items() if _VARIABLE.fullmatch(prefix + name)}
    return {}


def _service_links(pod: Object, objects: Objects) -> dict[str, str]:
    """`NAME_SERVICE_HOST` and its relatives, for the Services that exist when the container starts."""
    env: dict[str, str] = {}
    namespace = pod["metadata"]["namespace"]
    services = objects.list("services", namespace) if pod["spec"].get("enableServiceLinks", True) else []
    api = objects.get("services", "default", "kubernetes")
    for service in [*([api] if api else []), *sorted(services, key=lambda found: str(found["metadata"]["name"]))]:
        env.update(_links(service))
    return env


def _links(service: Object) -> Iterator[tuple[str, str]]:
    address = service["spec"].get("clusterIP")
    ports = service["spec"].get("ports") or []
    if not ports or not address or address == "None":
        return
    name = service["metadata"]["name"].upper().replace("-", "_")
    first = ports[0]
    yield f"{name}_SERVICE_HOST", address
    yield f"{name}_SERVICE_PORT", str(first["port"])
    yield f"{name}_PORT", f"{first.get('protocol', 'TCP').lower()}://{address}:{first['port']}"
    for port in ports:
        protocol = port.get("protocol", "TCP")
        if port.get("name"):
            yield f"{name}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}", str(port["port"])
        link = f"{name}_PORT_{port['port']}_{protocol}"
        yield link, f"{protocol.lower()}://{address}:{port['port']}"
        yield f"{link}_PROTO", protocol.lower()
        yield f"{link}_PORT", str(port["port"])
        yield f"{link}_ADDR", address


def terminal(env: Mapping[str, str]) -> dict[str, str]:
    """The environment for a command at a terminal."""
    return {"TERM": os.environ.get("TERM") or "xterm", **env}
