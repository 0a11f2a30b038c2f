"""Processes from a shell: settings, errors as sentences, quick ends; and forks that are safe."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.boutique.dialer import Dialer, address, seconds


def start(*arguments: str, **environ: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "helpers.boutique", *arguments],
        env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "environ", "sentence"),
    [
        ((), {}, "usage: python -m helpers.boutique SERVICE"),
        (("bookshop",), {}, "SERVICE is one of adservice"),
        (("cartservice",), {}, "cartservice cannot run: REDIS_ADDR is ''; set it to the host:port"),
    ],
)
def test_wrong_settings_end_with_one_sentence(
    arguments: tuple[str, ...], environ: dict[str, str], sentence: str
) -> None:
    process = start(*arguments, **environ)
    _, error = process.communicate(timeout=10)
    assert process.returncode == 1
    assert sentence in error
    assert "Traceback" not in error


@pytest.mark.parametrize("value", ["", "redis-cart", ":6379", "redis-cart:http"])
def test_an_address_needs_host_and_port(value: str) -> None:
    with pytest.raises(ValueError, match="REDIS_ADDR is "):
        address({"REDIS_ADDR": value}, "REDIS_ADDR")


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf"])
def test_a_deadline_is_a_positive_number(value: str) -> None:
    with pytest.raises(ValueError, match=f"RPC_DEADLINE is '{value}'"):
        seconds({"RPC_DEADLINE": value}, "RPC_DEADLINE", 3)


def test_the_default_deadline_is_three_seconds() -> None:
    assert Dialer({}).deadline == 3


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = start("shippingservice", PORT=port)
        _, error = process.communicate(timeout=10)
    assert process.returncode == 1
    assert f"shippingservice cannot listen on 127.0.0.1:{port}" in error
    assert "Traceback" not in error


def test_sigterm_ends_a_service_at_once(tmp_path: Path) -> None:
    process = start("shippingservice", LISTEN_DIR=str(tmp_path))
    assert process.stdout is not None
    assert "is listening" in process.stdout.readline()
    begun = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    rest, error = process.communicate(timeout=10)
    assert time.perf_counter() - begun < 3, "it waits for nothing"
    assert (process.returncode, error) == (0, "")
    assert "shippingservice has stopped" in rest


def test_preloading_starts_no_thread() -> None:
    code = (
        "import os, threading\nfrom helpers import boutique\nboutique.preload()\n"
        "tasks = os.listdir('/proc/self/task') if os.path.isdir('/proc/self/task') else threading.enumerate()\n"
        "print(len(tasks))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
