"""ConfigMaps and Secrets as files: below a directory of the container's own, which `MOUNTS` names.

Pods are processes that see this machine's files, so a path such as /usr/share/nginx/html can't be the volume. The lab's
images look below `MOUNTS` first.
"""

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from helpers.localcluster.kubelet.environment import ConfigError

Object = dict[str, Any]
KINDS = {"configMap": ("configmaps", "name"), "secret": ("secrets", "secretName")}
"""Volumes that have files here, with the resource and the field that names it."""


class Objects(Protocol):
    """What is read of the store."""

    def get(self, key: str, namespace: str | None, name: str) -> Object | None: ...


def write(container: Object, pod: Object, objects: Objects, directory: Path) -> Path | None:
    """Write the container's volumes below `directory`; None if it has none.

    Raises ConfigError if a ConfigMap or Secret isn't there, or lacks a key.
    """
    found = [*_files(container, pod, objects)]
    if not found:
        return None
    shutil.rmtree(directory, ignore_errors=True)
    for path, data in found:
        place = (directory / path.lstrip("/")).resolve()
        if not place.is_relative_to(directory.resolve()):
            raise ConfigError(f"the path {path} of a volume leads out of it")
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.write_bytes(data)
    return directory


def _files(container: Object, pod: Object, objects: Objects) -> Iterator[tuple[str, bytes]]:
    volumes = {volume["name"]: volume for volume in pod["spec"].get("volumes") or ()}
    for mount in container.get("volumeMounts") or ():
        volume = volumes.get(mount["name"], {})
        kind = next((kind for kind in KINDS if kind in volume), None)
        if kind is None:
            continue
        entries = _entries(kind, volume[kind], pod["metadata"]["namespace"], objects)
        part = mount.get("subPath")
        for name, data in entries.items():
            if not part:
                yield f"{mount['mountPath']}/{name}", data
            elif name == part:
                yield mount["mountPath"], data


def _entries(kind: str, source: Object, namespace: str, objects: Objects) -> dict[str, bytes]:
    """File names and contents. Raises ConfigError."""
    key, field = KINDS[kind]
    name = source.get(field) or ""
    held = objects.get(key, namespace, name)
    if held is None:
        if source.get("optional"):
            return {}
        raise ConfigError(f'{key[:-1]} "{name}" not found')
    texts = {entry: value.encode() for entry, value in (held.get("data") or {}).items()}
    if kind == "secret":
        texts = {entry: base64.b64decode(value) for entry, value in texts.items()}
    texts |= {entry: base64.b64decode(value) for entry, value in (held.get("binaryData") or {}).items()}
    items = source.get("items")
    if not items:
        return texts
    missing = [item["key"] for item in items if item["key"] not in texts]
    if missing and not source.get("optional"):
        raise ConfigError(f"references non-existent config key: {missing[0]}")
    return {item["path"]: texts[item["key"]] for item in items if item["key"] in texts}
