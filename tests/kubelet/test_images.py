"""Which images exist, what they run, and what an unknown one gets."""

import subprocess
import sys
from pathlib import Path

import pytest
from support.pods import AGNHOST, Bench, until, with_bench

from helpers.boutique.images import IMAGES
from helpers.localcluster.kubelet import images
from helpers.localcluster.kubelet.processes import programs

SHOP = "us-central1-docker.pkg.dev/google-samples/microservices-demo"


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("redis", "docker.io/library/redis"),
        ("redis:alpine", "docker.io/library/redis"),
        ("docker.io/redis", "docker.io/library/redis"),
        ("docker.io/library/redis:7@sha256:00", "docker.io/library/redis"),
        ("bitnami/redis", "docker.io/bitnami/redis"),
        ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause"),
        ("localhost:5000/web:1", "localhost:5000/web"),
        ("localhost/web", "localhost/web"),
    ],
)
def test_repository_names(reference: str, name: str) -> None:
    assert images.normal(reference) == name


@pytest.mark.parametrize("repository", [*IMAGES, AGNHOST, "registry.k8s.io/pause", "registry.k8s.io/coredns/coredns"])
def test_every_tag_of_a_known_image_exists(repository: str) -> None:
    bare = repository.removesuffix(":2.53")
    for reference in (bare, f"{bare}:v0.10.6", f"{bare}:no-such-tag", f"{bare}@sha256:{'0' * 64}"):
        assert images.find(reference)


@pytest.mark.parametrize("reference", ["caddy", "nginx/nginx-ingress", f"{SHOP}/nosuch:v1", "example.com/redis", ""])
def test_other_images_do_not_exist(reference: str) -> None:
    assert images.find(reference) is None


def test_the_listing_is_short_enough_for_an_event() -> None:
    assert len(images.listing()) < 900
    assert "redis" in images.listing() and "agnhost" in images.listing() and "shippingservice" in images.listing()


def test_a_command_names_a_program_of_an_image_or_of_the_machine() -> None:
    env, home = {"PATH": "/usr/bin:/bin"}, Path("/")
    assert programs.of_command(["/agnhost", "pause"], env, home).call == (*images.PROGRAMS["agnhost"], [["pause"]])
    assert programs.of_command(["agnhost"], env, home).call
    shell = programs.of_command(["sh", "-c", "true"], env, home)
    assert shell.argv == ("sh", "-c", "true") and shell.file and shell.file.endswith("/sh")
    for missing in ("no-such-program", "/no/such", "./here", "/bin/agnhost"):
        with pytest.raises(programs.NoSuchProgram):
            programs.of_command([missing], env, home)


def test_command_and_arguments_replace_the_image_s() -> None:
    image = images.find(AGNHOST)
    assert image
    env, home = {"PATH": "/usr/bin:/bin", "PORT": "81"}, Path("/")
    run = lambda **fields: programs.of_container({"name": "x", "image": AGNHOST, **fields}, image, env, home)  # noqa: E731
    assert run().call == (*images.PROGRAMS["agnhost"], [["pause"]])
    assert run(args=["netexec", "--http-port=$(PORT)"]).call[2] == [["netexec", "--http-port=81"]]  # type: ignore[index]
    assert run(command=["echo"], args=["$(PORT)", "$$(PORT)"]).argv == ("echo", "81", "$(PORT)")


@with_bench
async def test_an_unknown_image(b: Bench) -> None:
    b.create("web", image="caddy:2")
    await until(lambda: b.state("web") == "ErrImagePull")
    assert 'no image "caddy:2" exists in this lab cluster' in b.container("web")["state"]["waiting"]["message"]
    assert b.phase("web") == "Pending"
    await until(lambda: b.state("web") == "ImagePullBackOff")
    told = b.events("web")
    assert ("BackOff", 'Back-off pulling image "caddy:2"') in told
    assert ("Failed", "Error: ImagePullBackOff") in told
    failure = next(text for reason, text in told if text.startswith("Failed to pull image"))
    assert "/microservices-demo/{adservice,cartservice," in failure
    b.delete("web")
    await until(lambda: b.gone("web"))


@with_bench
async def test_a_command_that_no_container_has(b: Bench) -> None:
    b.create("web", command=["nginx-no-such", "-g"])
    await until(lambda: b.state("web") == "RunContainerError")
    assert "executable file not found in $PATH" in b.container("web")["state"]["waiting"]["message"]


def test_the_images_cost_the_node_no_heavy_import() -> None:
    code = "import sys, helpers.localcluster.kubelet.kubelet; print([m for m in ('grpc', 'yaml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
