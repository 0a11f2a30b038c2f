"""Which container images exist here, and which program each one is.

An image is known by its repository; every tag of it is accepted. The shop's images come from
`helpers.boutique.images`; the others are stand-ins, small programs of this package with the behaviour that people see
from outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from helpers.boutique.images import IMAGES as SHOP_IMAGES
from helpers.localcluster.kubelet import tools

Call = tuple[str, str, list[Any]]
"""Module, function and arguments: what the fork server calls."""

_HERE = "helpers.localcluster.kubelet.images"
REDIS = "redis-cart"
PROGRAMS: Mapping[str, tuple[str, str]] = {
    "agnhost": (f"{_HERE}.agnhost", "main"),
    "pause": (f"{_HERE}.agnhost", "pause"),
    "coredns": (f"{_HERE}.coredns", "main"),
    "nginx": (f"{_HERE}.nginx", "main"),
    "multitool": (f"{_HERE}.echo", "multitool"),
    "httpd-foreground": (f"{_HERE}.nginx", "httpd"),
    "httpbin": (f"{_HERE}.echo", "httpbin"),
    "echo-server": (f"{_HERE}.echo", "echo_server"),
    "http-echo": (f"{_HERE}.echo", "http_echo"),
    "hello-app": (f"{_HERE}.echo", "hello_app"),
    "two-ports": (f"{_HERE}.echo", "two_ports"),
    "probe": (f"{_HERE}.stars", "probe"),
    "collect": (f"{_HERE}.stars", "collect"),
    "listener": (f"{_HERE}.listener", "main"),
    **{name: (tools.module(name), "main") for name in tools.TOOLS},
}
"""Executables inside images, by name without the slash, that are functions here."""


@dataclass(frozen=True)
class Image:
    """One image: what runs when a container gives no command, and the arguments when it gives none."""

    repository: str
    call: Call | None
    title: str
    arguments: tuple[str, ...] = ()
    takes_arguments: bool = True
    arguments_are_command: bool = False
    """What a container gives as arguments is another command, unless they begin with an option."""
    servers: tuple[str, ...] = ()
    """What the image's own server is called in a command line."""


def _own(repository: str, program: str, *arguments: str) -> Image:
    """An image whose entrypoint is one of the programs here."""
    module, function = PROGRAMS[program]
    return Image(repository, (module, function, []), program, arguments)


def _server(repository: str, program: str, *fixed: str, servers: tuple[str, ...] = ()) -> Image:
    """An image that runs a server unless its arguments name another command."""
    module, function = PROGRAMS[program]
    return Image(repository, (module, function, [[*fixed]]), program, arguments_are_command=True, servers=servers)


def _shell(repository: str, *command: str) -> Image:
    """An image of tools, which runs a shell unless told otherwise."""
    return Image(repository, None, "sh", command or ("sh",), arguments_are_command=True)


_OWN = (
    _own("registry.k8s.io/e2e-test-images/agnhost", "agnhost", "pause"),
    _own("k8s.gcr.io/e2e-test-images/agnhost", "agnhost", "pause"),
    _own("docker.io/library/agnhost", "agnhost", "pause"),
    _own("registry.k8s.io/pause", "pause"),
    _own("registry.k8s.io/coredns/coredns", "coredns"),
    *(
        _shell(name)
        for name in (
            "docker.io/library/busybox",
            "docker.io/library/alpine",
            "docker.io/library/debian",
            "docker.io/library/ubuntu",
            "docker.io/nicolaka/netshoot",
            "docker.io/radial/busyboxplus",
            "docker.io/amouat/network-utils",
            "docker.io/giantswarm/tiny-tools",
            "docker.io/tutum/dnsutils",
            "docker.io/infoblox/dnstools",
            "registry.k8s.io/e2e-test-images/busybox",
        )
    ),
    *(
        _shell(f"registry.k8s.io/e2e-test-images/{name}", "sleep", "infinity")
        for name in ("jessie-dnsutils", "dnsutils")
    ),
    *(_own(f"docker.io/{name}", "curl") for name in ("curlimages/curl", "byrnedo/alpine-curl", "tutum/curl")),
    *(
        _server(name, "nginx")
        for name in ("docker.io/library/nginx", "registry.k8s.io/e2e-test-images/nginx", "registry.k8s.io/nginx")
    ),
    _server("docker.io/nginxinc/nginx-unprivileged", "nginx", "8080"),
    *(_server(f"docker.io/{name}/network-multitool", "multitool") for name in ("wbitt", "praqma")),
    *(
        _server(name, "httpd-foreground")
        for name in ("docker.io/library/httpd", "registry.k8s.io/e2e-test-images/httpd")
    ),
    _server("docker.io/kennethreitz/httpbin", "httpbin", "80"),
    _server("docker.io/mccutchen/go-httpbin", "httpbin", "8080"),
    *(
        _server(name, "echo-server", port)
        for name, port in (
            ("registry.k8s.io/echoserver", "8080"),
            ("k8s.gcr.io/echoserver", "8080"),
            ("docker.io/ealen/echo-server", "80"),
            ("docker.io/jmalloc/echo-server", "8080"),
            ("docker.io/mendhak/http-https-echo", "8080"),
        )
    ),
    _own("docker.io/hashicorp/http-echo", "http-echo"),
    *(_own(f"{registry}/google-samples/hello-app", "hello-app") for registry in ("gcr.io", "us-docker.pkg.dev")),
    _own("docker.io/ahmet/app-on-two-ports", "two-ports"),
    _own("docker.io/calico/star-probe", "probe"),
    _own("docker.io/calico/star-collect", "collect"),
    *(
        _server(f"docker.io/library/{name}", "listener", name, str(port), servers=(server,))
        for name, port, server in (
            ("postgres", 5432, "postgres"),
            ("mysql", 3306, "mysqld"),
            ("mariadb", 3306, "mariadbd"),
            ("mongo", 27017, "mongod"),
            ("memcached", 11211, "memcached"),
            ("rabbitmq", 5672, "rabbitmq-server"),
        )
    ),
)


def program(path: str) -> str | None:
    """Which of `PROGRAMS` a command's first word means, if any: `/agnhost`, `wget`, `/usr/bin/wget`."""
    folder, _, name = path.rpartition("/")
    places = ("", "/bin", "/usr/bin", "/sbin", "/usr/sbin") if name in tools.TOOLS else ("",)
    return name if name in PROGRAMS and folder in places else None


@cache
def known() -> dict[str, Image]:
    """All images by normal repository name."""
    shop = (
        Image(
            repository,
            ("helpers.boutique", "main", [service]),
            service,
            takes_arguments=False,
            arguments_are_command=service == REDIS,
            servers=("redis-server",) if service == REDIS else (),
        )
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


def missing(reference: str) -> str:
    """The sentence for an image that doesn't exist here."""
    return f'no image "{reference}" exists in this lab cluster; images here (any tag): {listing()}'


def listing() -> str:
    """The images that exist here, short enough for an event and a warning."""
    names = {
        image.repository.removeprefix("docker.io/").removeprefix("library/")
        for image in known().values()
        if not image.repository.startswith("k8s.gcr.io/")
    }
    shop = {name for name in names if "/microservices-demo/" in name}
    registry = max({name.rpartition("/")[0] for name in shop}, default="")
    services = ",".join(sorted({name.rpartition("/")[2] for name in shop}))
    short = sorted(name for name in names - shop if "/" not in name)
    long = sorted({name.rpartition("/")[2] for name in names - shop if "/" in name} - {*short})
    return f"{', '.join(short)}; of others' {', '.join(long)}; {registry}/{{{services}}}"
