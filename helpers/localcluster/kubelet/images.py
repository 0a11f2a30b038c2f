"""Which container images exist here, and which program each one is.

An image is known by its repository; every tag of it is accepted. The shop's images come from
`helpers.boutique.images`, the others are this package's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from helpers.boutique.images import IMAGES as SHOP_IMAGES

Call = tuple[str, str, list[Any]]
"""Module, function and arguments: what the fork server calls."""

PROGRAMS: Mapping[str, tuple[str, str]] = {
    "agnhost": ("helpers.localcluster.kubelet.agnhost", "main"),
    "pause": ("helpers.localcluster.kubelet.agnhost", "pause"),
    "coredns": ("helpers.localcluster.kubelet.coredns", "main"),
}
"""Executables inside images, by name without the slash, that are functions here."""


@dataclass(frozen=True)
class Image:
    """One image: what runs when a container gives no command, and the arguments when it gives none."""

    repository: str
    call: Call
    title: str
    arguments: tuple[str, ...] = ()
    takes_arguments: bool = True


def _own(repository: str, program: str, *arguments: str) -> Image:
    module, function = PROGRAMS[program]
    return Image(repository, (module, function, []), program, arguments)


_OWN = (
    _own("registry.k8s.io/e2e-test-images/agnhost", "agnhost", "pause"),
    _own("registry.k8s.io/pause", "pause"),
    _own("registry.k8s.io/coredns/coredns", "coredns"),
)


@cache
def known() -> dict[str, Image]:
    """All images by normal repository name."""
    shop = (
        Image(repository, ("helpers.boutique", "main", [service]), service, takes_arguments=False)
        for repository, service in SHOP_IMAGES.items()
    )
    return {normal(image.repository): image for image in (*_OWN, *shop)}


def find(reference: str) -> Image | None:
    """The image that a container names, whatever its tag; None if it doesn't exist here."""
    return known().get(normal(reference))


def normal(reference: str) -> str:
    """`redis:alpine` as `docker.io/library/redis`: no tag, no digest, the registry spelled out."""
    name = reference.partition("@")[0]
    head, slash, tail = name.rpartition("/")
    name = head + slash + tail.partition(":")[0]
    first = name.partition("/")[0]
    if "/" not in name:
        return f"docker.io/library/{name}"
    if "." in first or ":" in first or first == "localhost":
        return name if name.count("/") > 1 or first != "docker.io" else name.replace("/", "/library/", 1)
    return f"docker.io/{name}"


def listing() -> str:
    """The images that exist here, short enough for an event."""
    names = {image.repository.removeprefix("docker.io/library/") for image in known().values()}
    shop = {name for name in names if "/microservices-demo/" in name}
    registry = max({name.rpartition("/")[0] for name in shop}, default="")
    services = ",".join(sorted({name.rpartition("/")[2] for name in shop}))
    return ", ".join([*sorted(names - shop), f"{registry}/{{{services}}}"])
