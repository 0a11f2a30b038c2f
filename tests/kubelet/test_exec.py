"""Commands in containers, terminals, and attaching to a container's own process."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator

import pytest
from support.pods import Bench, until, with_bench

from helpers.localcluster.api.errors import ApiError


@with_bench
async def test_output_errors_and_exit_code(b: Bench) -> None:
    await _start(b)
    assert await b.exec("web", "sh", "-c", "echo out; echo err >&2; exit 5") == (5, "out\n", "err\n")
    assert await b.exec("web", "sh", "-c", "kill -9 $$") == (137, "", "")
    assert await b.exec("web", "true") == (0, "", "")


@with_bench
async def test_a_command_sees_the_container_s_environment(b: Bench) -> None:
    os.environ["SECRET_OF_THE_LEARNER"] = "x"
    try:
        await _start(b)
        _, text, _ = await b.exec("web", "env")
    finally:
        del os.environ["SECRET_OF_THE_LEARNER"]
    variables = dict(line.split("=", 1) for line in text.splitlines())
    assert variables["HOSTNAME"] == variables["POD_NAME"] == "web"
    assert variables["COLOUR"] == "blue"
    assert variables["LISTEN_DIR"].endswith(b.pod("web")["metadata"]["uid"][:8])
    assert "SECRET_OF_THE_LEARNER" not in variables


@with_bench
async def test_a_command_that_does_not_exist(b: Bench) -> None:
    await _start(b)
    with pytest.raises(ApiError, match=r'exec: "bash9": executable file not found in \$PATH'):
        await b.exec("web", "bash9")
    with pytest.raises(ApiError, match="stat /no/such: no such file or directory"):
        await b.exec("web", "/no/such")
    with pytest.raises(ApiError, match='container "other" is not running'):
        await b.exec("web", "true", container="other")


@with_bench
async def test_input_reaches_the_command(b: Bench) -> None:
    await _start(b)
    session = await b.kubelet.exec(b.pod("web"), "main", ["wc", "-c"], tty=False, stdin=True)
    await session.write_stdin(b"x" * 1_000_000)
    await session.close_stdin()
    assert (await _all(session.stdout)).strip() == b"1000000"
    assert await session.wait() == 0
    await session.kill()


@with_bench
async def test_a_reader_that_is_slow_loses_nothing(b: Bench) -> None:
    await _start(b)
    session = await b.kubelet.exec(b.pod("web"), "main", ["head", "-c", "3000000", "/dev/zero"], tty=False, stdin=False)
    await asyncio.sleep(0.2)
    assert len(await _all(session.stdout)) == 3_000_000
    assert await session.wait() == 0
    await session.kill()


@with_bench
async def test_a_terminal(b: Bench) -> None:
    await _start(b)
    session = await b.kubelet.exec(b.pod("web"), "main", ["sh"], tty=True, stdin=True)
    await session.resize(91, 33)
    await session.write_stdin(b"stty size; tty -s && echo yes; exit 3\n")
    text = (await _all(session.stdout)).decode()
    assert "33 91" in text and "yes" in text
    assert await session.wait() == 3
    await session.kill()


@with_bench
async def test_control_c_at_a_terminal(b: Bench) -> None:
    await _start(b)
    session = await b.kubelet.exec(b.pod("web"), "main", ["sleep", "100"], tty=True, stdin=True)
    await asyncio.sleep(0.1)
    await session.write_stdin(b"\x03")
    assert await asyncio.wait_for(session.wait(), 5) == 128 + signal.SIGINT
    await session.kill()


@with_bench
async def test_a_client_that_goes_takes_its_command_along(b: Bench) -> None:
    await _start(b)
    session = await b.kubelet.exec(b.pod("web"), "main", ["sh", "-c", "echo $$; sleep 100 & wait"], tty=False,
                                   stdin=False)  # fmt: skip
    pid = int(await anext(aiter(session.stdout)))
    await session.kill()
    await until(lambda: not os.path.exists(f"/proc/{pid}"))


@with_bench
async def test_commands_end_with_their_pod(b: Bench) -> None:
    await _start(b)
    session = await b.kubelet.exec(b.pod("web"), "main", ["sleep", "100"], tty=False, stdin=False)
    b.delete("web")
    await until(lambda: b.gone("web"))
    assert await asyncio.wait_for(session.wait(), 5) == 137
    await session.kill()


@with_bench
async def test_nothing_leaks(b: Bench) -> None:
    await _start(b)
    await b.exec("web", "true")
    before = len(os.listdir("/proc/self/fd"))
    for number in range(50):
        session = await b.kubelet.exec(b.pod("web"), "main", ["cat"], tty=number % 2 == 0, stdin=True)
        await session.write_stdin(b"x\n")
        if number % 3:
            await anext(aiter(session.stdout))
        await session.kill()
    assert len(os.listdir("/proc/self/fd")) <= before


@with_bench
async def test_attaching_to_a_shell(b: Bench) -> None:
    b.create("shell", command=["sh"], stdin=True, stdinOnce=True, restartPolicy="Never")
    await until(lambda: b.ready("shell"))
    session = await b.kubelet.attach(b.pod("shell"), "main", tty=False, stdin=True)
    await session.write_stdin(b"echo hello $HOSTNAME\n")
    assert await anext(aiter(session.stdout)) == b"hello shell\n"
    await session.close_stdin()
    assert await session.wait() == 0
    await session.kill()
    await until(lambda: b.phase("shell") == "Succeeded")
    assert await b.logs("shell") == "hello shell\n"


@with_bench
async def test_attaching_shows_what_came_before_and_ends_with_the_container(b: Bench) -> None:
    b.create("quick", command=["sh", "-c", "echo early; sleep 0.2; echo late; exit 4"], restartPolicy="Never", tty=True)
    await until(lambda: b.ready("quick"))
    await asyncio.sleep(0.05)
    session = await b.kubelet.attach(b.pod("quick"), "main", tty=True, stdin=False)
    assert await _all(session.stdout) == b"early\r\nlate\r\n"
    assert await session.wait() == 0
    await session.kill()


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@with_bench
async def test_tools_of_the_machine_find_the_proxy(b: Bench) -> None:
    b.wires.environment["http_proxy"] = "http://pod:token@127.0.0.1:1"
    await _start(b)
    code, _, err = await b.exec("web", "sh", "-c", f"{shutil.which('curl')} -sS http://shippingservice/")
    assert code == 7 and "127.0.0.1" in err


@with_bench
async def test_a_shell_finds_the_commands_that_go_through_the_pod_network(b: Bench) -> None:
    b.wires.environment["http_proxy"] = "http://pod:token@127.0.0.1:1"
    await _start(b)
    for words in (["curl", "-sS", "http://10.244.0.9/"], ["sh", "-c", "curl -sS http://10.244.0.9/ && echo REACHED"]):
        assert await b.exec("web", *words) == (
            7,
            "",
            "curl: (7) the pod network did not answer: Connection refused\n",
        ), words
    code, out, _ = await b.exec("web", "sh", "-c", "hostname; hostname -i; ip -4 addr show eth0 | grep inet")
    address = b.pod("web")["status"]["podIP"]
    assert code == 0 and out.splitlines() == [
        "web",
        address,
        "    inet 127.0.0.1/8 scope host lo",
        f"    inet {address}/32 scope global eth0",
    ]


async def _start(b: Bench) -> None:
    b.create("web", "netexec", env=[{"name": "COLOUR", "value": "blue"}], terminationGracePeriodSeconds=1)
    await until(lambda: b.ready("web"))


async def _all(stream: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in stream])
