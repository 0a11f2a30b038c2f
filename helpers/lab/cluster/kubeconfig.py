"""Read kubeconfig files the way kubectl does: several files merge, the first one that says something wins."""

import base64
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from helpers.lab.errors import LabError, did_you_mean

OWN = "LAB_KUBECONFIG"
"""Where the user's own KUBECONFIG is kept when JupyterLab was started with the lab's (helpers/jupyter)."""

_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


@dataclass(frozen=True)
class Context:
    """One way to a cluster: a server and the credentials for it."""

    name: str
    server: str
    namespace: str
    cluster: dict[str, Any]
    user: dict[str, Any]
    files: tuple[Path, ...]
    entry: dict[str, Any] = field(default_factory=dict)
    """The context as the kubeconfig has it."""

    @property
    def plain(self) -> bool:
        """True if a token or a client certificate is all that it takes: no plug-in to run, no proxy to pass."""
        proxied = bool(self.cluster.get("proxy-url")) or (not self.loopback and _environment_proxies())
        special = {"exec", "auth-provider", "username", "as", "impersonate"} & self.user.keys()
        return self.server.startswith("https://") and not special and not proxied

    @property
    def options(self) -> list[str]:
        """kubectl's options that lead to this context, whatever the environment says."""
        return [*(("--kubeconfig", str(self.files[0])) if len(self.files) == 1 else ()), "--context", self.name]

    @property
    def loopback(self) -> bool:
        return self.server.split("://")[-1].startswith(("127.", "localhost", "[::1]"))

    @property
    def token(self) -> str | None:
        """The bearer token, read anew from its file if it lives in one."""
        if path := self.user.get("tokenFile"):
            return Path(path).read_text("utf-8").strip()
        return self.user.get("token")

    def data(self, where: str, key: str) -> bytes | None:
        """A certificate or key (`where` is `cluster` or `user`), inline or from its file; None if there is none."""
        entry = self.cluster if where == "cluster" else self.user
        if inline := entry.get(f"{key}-data"):
            return base64.b64decode(inline)
        return Path(entry[key]).read_bytes() if entry.get(key) else None


def files(variable: str | None = None) -> tuple[Path, ...]:
    """The files that kubectl would read: `KUBECONFIG`, or `~/.kube/config`."""
    named = os.environ.get("KUBECONFIG") if variable is None else variable
    if named:
        return tuple(Path(part) for part in named.split(os.pathsep) if part)
    return (Path.home() / ".kube" / "config",)


def own() -> tuple[Path, ...]:
    """The files that kubectl would read if JupyterLab had not been started with the lab's."""
    return files(os.environ.get(OWN, ""))


def load(paths: Iterable[Path], context: str | None = None) -> Context:
    """Return one context, the current one unless named. Raises LabError if there is none such."""
    paths = tuple(paths)
    merged = _merge(paths)
    name = context or merged["current-context"]
    if not name:
        raise LabError(f'No kubeconfig context is chosen in {_listed(paths)}. Name one: lab.start(context="…").')
    if name not in merged["contexts"]:
        known = ", ".join(sorted(merged["contexts"])) or "none at all"
        raise LabError(
            f"There is no kubeconfig context {name!r} in {_listed(paths)}; it has {known}."
            f"{did_you_mean(name, merged['contexts'])}"
        )
    entry = merged["contexts"][name] or {}
    cluster = merged["clusters"].get(entry.get("cluster")) or {}
    if not cluster.get("server"):
        raise LabError(
            f"The kubeconfig context {name!r} names no server. Look at: kubectl config view --context {name}"
        )
    _check(name, str(cluster["server"]))
    return Context(
        name,
        cluster["server"].rstrip("/"),
        entry.get("namespace") or "default",
        cluster,
        merged["users"].get(entry.get("user")) or {},
        paths,
        entry,
    )


def _check(name: str, server: str) -> None:
    try:
        parts = urlsplit(server)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise LabError(f"The kubeconfig context {name!r} has a server that is no URL: {server}")


def _merge(paths: tuple[Path, ...]) -> dict[str, Any]:
    merged: dict[str, Any] = {"current-context": "", "contexts": {}, "clusters": {}, "users": {}}
    for path in paths:
        document = _read(path)
        merged["current-context"] = merged["current-context"] or document.get("current-context") or ""
        for section, key in (("contexts", "context"), ("clusters", "cluster"), ("users", "user")):
            for item in document.get(section) or []:
                merged[section].setdefault(item.get("name"), _rooted(item.get(key) or {}, path.parent))
    return merged


def _read(path: Path) -> dict[str, Any]:
    try:
        found = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except FileNotFoundError:
        return {}
    except (OSError, yaml.YAMLError) as error:
        raise LabError(f"The kubeconfig file {path} cannot be read: {error}") from None
    return found if isinstance(found, dict) else {}


def _rooted(entry: dict[str, Any], directory: Path) -> dict[str, Any]:
    """Paths in a kubeconfig are relative to the file that says them."""
    return {key: str(directory / value) if key in _FILES and value else value for key, value in entry.items()}


def _listed(paths: tuple[Path, ...]) -> str:
    return " and ".join(map(str, paths))


def _environment_proxies() -> bool:
    return any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"))
