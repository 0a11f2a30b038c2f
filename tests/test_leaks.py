"""The tests look after themselves: a module that leaves something open fails, by name, and its neighbours don't."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LEAK = """
import asyncio, socket

SERVER = socket.create_server(("127.0.0.1", 0))

async def talk(tidy):
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, *SERVER.getsockname())
    transport.ring = [transport]
    if tidy:
        transport.abort()

def test_tidy():
    asyncio.run(talk(True))

def test_careless():
    asyncio.run(talk(False))

def test_after():
    pass
"""
COROUTINE = """
def test_forgetful():
    async def never(held): ...
    ring = []
    ring.append(never(ring))
"""
NEIGHBOUR = """
import gc

def test_innocent():
    gc.collect()
"""


def outcome(directory: Path, **modules: str) -> list[str]:
    """The lines that a run of these modules, beside this folder's conftest.py, fails with."""
    shutil.copy(HERE / "conftest.py", directory)
    for name, text in modules.items():
        (directory / f"test_{name}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "--rootdir", directory]
    done = subprocess.run(
        [*command, directory],
        env={**os.environ, "PYTHONPATH": str(HERE)},
        cwd=directory,
        text=True,
        capture_output=True,
        timeout=60,
    )
    lines = done.stdout.splitlines()
    return [line for line in lines if line.startswith(("ERROR", "FAILED", "E  ")) or " passed" in line]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (LEAK, "unclosed _SelectorSocketTransport, test_a_leak.py::test_careless"),
        (COROUTINE, "coroutine 'test_forgetful.<locals>.never' was never awaited, test_a_leak.py"),
    ],
)
def test_a_leak_is_told_by_name_and_nobody_else_suffers(tmp_path: Path, text: str, named: str) -> None:
    said = outcome(tmp_path, a_leak=text, b_neighbour=NEIGHBOUR)
    assert any(named in line for line in said), said
    assert not [line for line in said if "test_b_neighbour" in line], said
    assert "1 error" in said[-1] and "failed" not in said[-1], said
