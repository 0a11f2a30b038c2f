"""BusyBox's ping. The network replies for a pod; a policy that lets no port-less traffic pass stops it."""

import signal
import sys
import time
from types import FrameType

from helpers.localcluster.kubelet.tools import options
from helpers.localcluster.kubelet.tools.options import Fault
from helpers.podnet import dialling, names

USAGE = "Usage: ping [-c COUNT] [-W SEC] [-w SEC] [-i SEC] [-s SIZE] [-q] HOST"


class _Interrupted(Exception):
    pass


def main(arguments: list[str]) -> int:
    """The exit status: 0 if there was a reply, else 1."""
    try:
        given, operands = options.read("ping", arguments, "c:W:w:i:s:q4I:t:", usage=USAGE)
        settings = dict(given)
        if len(operands) != 1:
            raise Fault(1, USAGE)
        return _ping(operands[0], settings)
    except Fault as fault:
        return options.ended(fault)


def _ping(host: str, settings: dict[str, str]) -> int:
    value = {
        letter: options.number("ping", settings[letter])
        for letter in ("-c", "-W", "-w", "-i", "-s")
        if letter in settings
    }
    size, pause = int(value.get("-s", 56)), value.get("-i", 1.0)
    count, wait = int(value.get("-c", 0)), value.get("-W", 10.0)
    end = time.monotonic() + value["-w"] if "-w" in value else None
    address = _address(host)
    print(f"PING {host} ({address}): {size} data bytes", flush=True)
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)
    sent, times = 0, list[float]()
    try:
        while (not count or sent < count) and (end is None or time.monotonic() < end):
            sent += 1
            began = time.monotonic()
            last = count and sent == count
            left = wait if last else min(wait, pause)
            took = _echo(address, left if end is None else max(0.001, min(left, end - began)))
            if took is not None:
                times.append(took)
                if "-q" not in settings:
                    print(f"{size + 8} bytes from {address}: seq={sent - 1} ttl=63 time={took:.3f} ms", flush=True)
            if not last:
                time.sleep(max(0.0, pause - (time.monotonic() - began)))
    except _Interrupted:
        pass
    _summary(host, sent, times)
    return 0 if times else 1


def _address(host: str) -> str:
    try:
        found = names.resolve(host)
    except dialling.DialError:
        raise Fault(1, f"ping: bad address '{host}'") from None
    if not found.addresses:
        raise Fault(1, f"ping: bad address '{host}'")
    return found.addresses[0]


def _echo(address: str, seconds: float) -> float | None:
    """Milliseconds until the reply, None if there was none in time."""
    began = time.monotonic()
    try:
        dialling.dial(address, 7, "ICMP", seconds).close()
    except dialling.NoNetwork as error:
        raise Fault(1, f"ping: {error}") from None
    except dialling.DialError:
        return None
    return (time.monotonic() - began) * 1000


def _interrupt(_: int, __: FrameType | None) -> None:
    raise _Interrupted


def _summary(host: str, sent: int, times: list[float]) -> None:
    loss = 100 * (sent - len(times)) // sent if sent else 0
    print(f"\n--- {host} ping statistics ---")
    print(f"{sent} packets transmitted, {len(times)} packets received, {loss}% packet loss")
    if times:
        mean = sum(times) / len(times)
        print(f"round-trip min/avg/max = {min(times):.3f}/{mean:.3f}/{max(times):.3f} ms")
    sys.stdout.flush()
