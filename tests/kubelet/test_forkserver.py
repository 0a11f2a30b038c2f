"""The fork server itself: many requests at once, messages in pieces, systems that can't peek at dead children."""

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

from support.pods import Bench, until, with_bench

from helpers.localcluster.kubelet.processes.forkserver import ForkServer, Program
from helpers.localcluster.kubelet.processes.wire import Receiver, close_all, encode


def test_hundreds_of_requests_before_it_is_up() -> None:
    async def scenario() -> None:
        forks = ForkServer(preload=())
        forks.launch()
        forks.attach()
        reading, writing = os.pipe()
        try:
            program = Program("x", {"PAD": "x" * 4000}, Path("/"), call=("builtins", "print", ["x"]))
            processes = [forks.start(program, [None, writing, None]) for _ in range(200)]
            os.close(writing)
            assert await asyncio.gather(*(process.wait() for process in processes)) == [0] * 200
            assert os.read(reading, 65536) == b"x\n" * 200
        finally:
            os.close(reading)
            await forks.stop()

    before = len(os.listdir("/proc/self/fd"))
    asyncio.run(scenario())
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_module_that_is_missing_is_one_sentence() -> None:
    async def scenario() -> bytes:
        forks = ForkServer(preload=("no.such.module",))
        forks.attach()
        reading, writing = os.pipe()
        try:
            program = Program("x", {}, Path("/"), call=("no.such.module", "main", []))
            process = forks.start(program, [None, None, writing])
            os.close(writing)
            assert await process.wait() == 126
            return os.read(reading, 65536)
        finally:
            os.close(reading)
            await forks.stop()

    text = asyncio.run(scenario()).decode()
    assert text.startswith("no.such.module cannot be imported") and text.count("\n") == 1


def test_messages_in_pieces_keep_their_descriptors() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, open(os.devnull) as null:
        receiver = Receiver(theirs)
        data = encode({"run": 1, "fds": 1}) + encode({"run": 2, "fds": 2})
        attached = {0: [null.fileno()], 30: [null.fileno(), null.fileno()]}
        for number, byte in enumerate(data):
            socket.send_fds(ours, [bytes([byte])], attached.get(number, []))
        received = []
        while len(received) < 2:
            received += receiver.receive() or []
        assert [(message["run"], len(fds)) for message, fds in received] == [(1, 1), (2, 2)]
        for _, fds in received:
            close_all(fds)
        ours.close()
        assert receiver.receive() is None
        receiver.close()


WITHOUT_PEEKING = """
import os
del os.waitid
from helpers.localcluster.kubelet.processes.zygote import _ended
pids = set()
for status in (0, 3):
    pid = os.fork()
    if pid == 0:
        os._exit(status)
    pids.add(pid)
found, seen = {}, []
while len(found) < 2:
    found |= dict(_ended(seen.append))
assert set(found) == pids == set(seen) and sorted(found.values()) == [0, 3]
assert list(_ended(seen.append)) == []
"""


def test_children_are_reaped_where_the_system_cannot_peek() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_PEEKING], check=True, timeout=30)


@with_bench
async def test_pre_stop_delays_the_signal(b: Bench) -> None:
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo stopping >> marks; sleep 0.2"]}}}
    command = ["sh", "-c", "trap 'cat marks; exit 0' TERM; touch marks; while :; do sleep 0.02; done"]
    b.create("web", command=command, lifecycle=hook, restartPolicy="Never")
    await until(lambda: b.ready("web"))
    await asyncio.sleep(0.1)
    text = asyncio.create_task(b.logs("web", follow=True))
    await asyncio.sleep(0.05)
    b.delete("web")
    assert await asyncio.wait_for(text, 5) == "stopping\n"
    await until(lambda: b.gone("web"))
