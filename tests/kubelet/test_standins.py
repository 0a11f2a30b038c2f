"""The stand-ins for tutorials' images: what they serve, and what a ConfigMap changes."""

import asyncio
import contextlib
import json
from pathlib import Path

import pytest
from support.pods import Bench, until, with_bench

from helpers.localcluster.kubelet.images import listener, nginx


def config_map(b: Bench, name: str, **data: str) -> None:
    b.store.create(
        "configmaps",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data},
    )


def mounted(name: str, path: str, **fields: object) -> dict[str, object]:
    """A pod's spec: nginx with a ConfigMap at a path."""
    return {
        "containers": [
            {"name": "main", "image": "nginx", "volumeMounts": [{"name": "config", "mountPath": path, **fields}]}
        ],
        "volumes": [{"name": "config", "configMap": {"name": name}}],
    }


async def page(b: Bench, name: str, port: int = 80, path: str = "/", method: str = "GET") -> str:
    reader, writer = await b.wires.dial(b.pod(name)["metadata"]["uid"], port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n".encode())
    try:
        return (await reader.read()).decode()
    finally:
        writer.close()


async def listens(b: Bench, name: str, port: int) -> None:
    """Wait until somebody accepts connections there."""
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                _, writer = await b.wires.dial(b.pod(name)["metadata"]["uid"], port)
                writer.close()
                return
            await asyncio.sleep(0.01)


@with_bench
async def test_nginx_serves_its_page_and_logs_it(b: Bench) -> None:
    b.create("web", image="nginx:1.29-alpine")
    await listens(b, "web", 80)
    assert "200 OK" in (answer := await page(b, "web")) and "Welcome to nginx!" in answer
    assert "404 Not Found" in await page(b, "web", path="/other")
    assert "405 Method Not Allowed" in await page(b, "web", method="DELETE")
    assert (await page(b, "web", method="HEAD")).endswith("\r\n\r\n")
    logged = await b.logs("web")
    assert '"GET / HTTP/1.1" 200 ' in logged and '"GET /other HTTP/1.1" 404 ' in logged


@with_bench
async def test_a_config_map_is_nginx_s_page_and_changes_with_it(b: Bench) -> None:
    config_map(b, "site", **{"index.html": "<p>ours</p>", "other.txt": "text"})
    b.create_pod("web", mounted("site", "/usr/share/nginx/html"))
    await listens(b, "web", 80)
    assert (await page(b, "web")).endswith("<p>ours</p>")
    assert (await page(b, "web", path="/other.txt")).endswith("text")
    for path in ("/../../mounts", "/%2e%2e/%2e%2e/x", "/nothing"):
        assert "404 Not Found" in await page(b, "web", path=path)
    held = b.store.get("configmaps", "default", "site")
    assert held
    b.store.update("configmaps", {**held, "data": {"index.html": "<p>new</p>"}})
    assert (await page(b, "web")).endswith("<p>new</p>")


@with_bench
async def test_a_config_map_is_nginx_s_configuration(b: Bench) -> None:
    config_map(b, "conf", **{"default.conf": 'server { listen 8080; location / { return 200 "hello\\n"; } }'})
    b.create_pod("web", mounted("conf", "/etc/nginx/conf.d"))
    b.create_pod("same", mounted("conf", "/etc/nginx/conf.d/default.conf", subPath="default.conf"))
    for name in ("web", "same"):
        await listens(b, name, 8080)
        assert (await page(b, name, 8080)).endswith("hello\n")


@with_bench
async def test_a_pod_waits_for_its_config_map(b: Bench) -> None:
    b.create_pod("web", mounted("late", "/usr/share/nginx/html"))
    await until(lambda: b.state("web") == "CreateContainerConfigError")
    config_map(b, "late", **{"index.html": "here"})
    await until(lambda: b.ready("web"))


@pytest.mark.parametrize(
    ("text", "sites"),
    [
        ("server { listen 80; }", [(80, 0, "")]),
        ("server { listen [::]:81 default_server; listen 0.0.0.0:82; }", [(81, 0, ""), (82, 0, "")]),
        (
            "server { location / { return 503; } } # listen 99;\nserver { listen 8080; return 200 'a;b'; }",
            [(80, 503, ""), (8080, 200, "a;b")],
        ),
        ("events {}", []),
        ("server {", [(80, 0, "")]),
        ("server { listen 99999; }", []),
    ],
)
def test_what_is_read_of_a_configuration(text: str, sites: list[tuple[int, int, str]]) -> None:
    assert [(site.port, site.status, site.text) for site in nginx.sites_of(text)] == sites


@with_bench
async def test_the_echo_servers(b: Bench) -> None:
    for name, image, port in (
        ("bin", "kennethreitz/httpbin", 80),
        ("echo", "registry.k8s.io/echoserver:1.10", 8080),
        ("gobin", "mccutchen/go-httpbin", 8080),
        ("plain", "nginxinc/nginx-unprivileged", 8080),
        ("tools", "wbitt/network-multitool", 80),
        ("hello", "gcr.io/google-samples/hello-app:1.0", 8080),
        ("apache", "httpd:2.4", 80),
    ):
        b.create(name, image=image)
        await listens(b, name, port)
    b.create("text", "-text=hi", "-listen=:99", image="hashicorp/http-echo")
    await listens(b, "text", 99)
    body = json.loads((await page(b, "bin", path="/get?a=1")).partition("\r\n\r\n")[2])
    assert body["args"] == {"a": "1"} and body["headers"]["Host"] == "web"
    assert " 418 " in await page(b, "bin", path="/status/418")
    assert " 405 " in await page(b, "bin", path="/get", method="POST")
    assert "Hostname: echo" in await page(b, "echo", 8080)
    assert "Hello, world!" in await page(b, "hello", 8080)
    assert "MultiTool (stand-in) - tools - 10.244." in await page(b, "tools")
    assert "It works!" in await page(b, "apache")
    assert (await page(b, "text", 99)).endswith("hi\n")


@with_bench
async def test_databases_only_listen_and_say_so(b: Bench) -> None:
    for name, port in (("postgres", 5432), ("mysql", 3306), ("memcached", 11211)):
        b.create(name, image=f"{name}:latest")
        await listens(b, name, port)
        reader, writer = await b.wires.dial(b.pod(name)["metadata"]["uid"], port)
        writer.write(b"\0\0\0\x08\x04\xd2\x16\x2f")
        async with asyncio.timeout(5):
            assert f"this is no {name}".encode() in await reader.read(1000)
        writer.close()
        assert "only listens" in await b.logs(name)


def test_a_database_s_client_understands_the_refusal() -> None:
    packet = listener.refusal("mysql", "no")
    assert int.from_bytes(packet[:3], "little") == len(packet) - 4 and packet[4] == 0xFF
    message = listener.refusal("postgres", "no")
    assert message[:1] == b"E" and int.from_bytes(message[1:5], "big") == len(message) - 1


@with_bench
async def test_images_of_tools_run_what_they_are_told(b: Bench) -> None:
    b.create("hello", "echo", "hello", image="busybox", restartPolicy="Never")
    b.create("shell", image="alpine", restartPolicy="Never")
    b.create("curl", "--version", image="curlimages/curl", restartPolicy="Never")
    b.create("nginx", "sh", "-c", "echo other", image="nginx", restartPolicy="Never")
    for name, said in (("hello", "hello\n"), ("shell", ""), ("nginx", "other\n")):
        await until(lambda name=name: b.phase(name) == "Succeeded")
        assert await b.logs(name) == said
    await until(lambda: b.phase("curl") == "Succeeded")
    assert (await b.logs("curl")).startswith("curl ")


@with_bench
async def test_an_image_s_server_is_known_by_its_name(b: Bench) -> None:
    b.create("one", "redis-server", "--appendonly", "no", image="redis:7")
    b.create("two", "--maxmemory", "1mb", image="redis:7")
    b.create("three", command=["postgres"], image="postgres:16")
    b.create("four", "echo", "other", image="redis:7", restartPolicy="Never")
    for name, port in (("one", 6379), ("two", 6379), ("three", 5432)):
        await listens(b, name, port)
    await until(lambda: b.phase("four") == "Succeeded")
    assert await b.logs("four") == "other\n"


@with_bench
async def test_a_taken_port_ends_the_second_server(b: Bench) -> None:
    b.create_pod(
        "two",
        {
            "containers": [{"name": "main", "image": "nginx"}, {"name": "other", "image": "nginx"}],
            "restartPolicy": "Never",
        },
    )
    await until(
        lambda: any(
            "terminated" in entry["state"]
            for entry in (b.pod("two").get("status") or {}).get("containerStatuses") or ()
        )
    )
    logs = await b.logs("two", "main") + await b.logs("two", "other")
    assert "Address already in use" in logs


@with_bench
async def test_programs_that_would_go_past_the_network_say_so(b: Bench) -> None:
    b.create("web")
    await until(lambda: b.ready("web"))
    for words in (["nmap", "10.244.0.1"], ["sh", "-c", "nmap 10.244.0.1"]):
        code, out, err = await b.exec("web", *words)
        assert (code, out) == (1, "") and err.startswith("nmap: in this lab's cluster it would leave the pod network")


def test_scripts_stand_in_a_private_directory(tmp_path: Path) -> None:
    from helpers.localcluster.kubelet.tools import scripts

    scripts.write(tmp_path / "bin", ["wget"])
    assert (tmp_path / "bin").stat().st_mode & 0o777 == (tmp_path / "bin" / "wget").stat().st_mode & 0o777 == 0o700
