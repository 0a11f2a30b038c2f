"""network-config-analyzer 2.1.0 as a peer: run it on worlds and read its answers.

It needs other versions of libraries than ours, so it lives in a virtual environment of its own: the one that
`NCA_VENV` names, or `build/nca`, which `make test` makes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from helpers.policies.model.ports import LAST_PORT, PROTOCOLS, Span, spans_without

ROOT = Path(__file__).resolve().parents[2]

Pairs = dict[tuple[str, str], tuple[Span, ...]]
EVERYTHING: tuple[Span, ...] = tuple((protocol, 1, LAST_PORT) for protocol in PROTOCOLS)

_DRIVER = """
import json, sys, time
from nca.NetworkConfig.NetworkConfigQuery import ConnectivityMapQuery as Query
from nca.nca_cli import nca_main
seconds = []
execute = Query.exec
def timed(self, *rest):
    began = time.perf_counter()
    try:
        return execute(self, *rest)
    finally:
        seconds.append(time.perf_counter() - began)
Query.exec = timed
for folder in sys.argv[1:]:
    nca_main(["--connectivity", folder, "-r", folder, "-o", "txt_no_fw_rules", "-f", folder + ".txt"])
print("SECONDS " + json.dumps(seconds))
"""
_CUBE = re.compile(r"\{([^}]*)\}")


def python() -> Path | None:
    """The Python of the peer's environment, None where there is none."""
    home = Path(os.environ.get("NCA_VENV") or ROOT / "build" / "nca")
    found = home / "bin" / "python"
    return found if found.exists() else None


def run(worlds: Sequence[list[dict[str, Any]]], timeout: float = 3600) -> tuple[list[Pairs], list[float]]:
    """The peer's connectivity of each world, and the seconds that its query took (without reading the files)."""
    interpreter = python()
    assert interpreter is not None, "set NCA_VENV"
    with tempfile.TemporaryDirectory() as scratch:
        folders = []
        for number, objects in enumerate(worlds):
            folder = Path(scratch, f"world{number}")
            folder.mkdir()
            folder.joinpath("world.yaml").write_text(yaml.dump_all(objects, Dumper=yaml.CSafeDumper))
            folders.append(str(folder))
        done = subprocess.run(
            [str(interpreter), "-c", _DRIVER, *folders], capture_output=True, text=True, timeout=timeout, check=True
        )
        seconds = json.loads(done.stdout.rpartition("SECONDS ")[2])
        return [pairs(Path(f"{folder}.txt").read_text()) for folder in folders], seconds


def pairs(output: str) -> Pairs:
    """Its text output: (source, target) -> spans; several lines of a pair are united."""
    found: dict[tuple[str, str], set[Span]] = {}
    for line in output.splitlines():
        source, arrow, rest = line.partition(" => ")
        if arrow:
            target, _, text = rest.partition(" : ")
            found.setdefault((source, target), set()).update(spans(text))
    return {pair: merged(some) for pair, some in found.items()}


def spans(text: str) -> tuple[Span, ...]:
    """`All connections`, `All but {…}` or `{protocols:TCP,dst_ports:80,90-99}` as spans."""
    if text.strip().lower() == "all connections":
        return EVERYTHING
    if text.startswith("All but "):
        return spans_without(EVERYTHING, spans(text.removeprefix("All but ")))
    return tuple(span for cube in _CUBE.findall(text) for span in _cube(cube))


def _cube(text: str) -> list[Span]:
    fields = dict(part.split(":", 1) for part in re.split(r",(?=[a-z_]+:)", text))
    protocols = fields.get("protocols", ",".join(PROTOCOLS)).replace(" ", "").split(",")
    ports = fields.get("dst_ports", f"1-{LAST_PORT}").split(",")
    return [
        (protocol, int(first), int(last or first))
        for protocol in protocols
        if protocol in PROTOCOLS
        for port in ports
        for first, _, last in [port.partition("-")]
    ]


def merged(some: set[Span]) -> tuple[Span, ...]:
    """Spans with neighbours joined, sorted."""
    done: list[Span] = []
    for protocol, first, last in sorted(some):
        if done and done[-1][0] == protocol and done[-1][2] + 1 >= first:
            _, first, before = done.pop()
            last = max(last, before)
        done.append((protocol, first, last))
    return tuple(done)


def unequal(ours: Pairs, theirs: Pairs) -> list[str]:
    """The pairs of pods on which two answers differ; outside ranges are compared address by address."""
    different = []
    for pair in {**ours, **theirs}:
        if all("[" in end for end in pair) and ours.get(pair) != theirs.get(pair):
            different.append(f"{pair}: {ours.get(pair)} and {theirs.get(pair)}")
    for address in _addresses([*ours, *theirs]):
        mine, other = (_at(answer, address) for answer in (ours, theirs))
        different += [
            f"{pair} at {address}: {mine.get(pair)} and {other.get(pair)}"
            for pair in {**mine, **other}
            if mine.get(pair) != other.get(pair)
        ]
    return different


def _number(address: str) -> int:
    a, b, c, d = map(int, address.split("."))
    return a << 24 | b << 16 | c << 8 | d


def _range(end: str) -> tuple[int, int] | None:
    """An outside end as (first, last); a pod is none."""
    if "[" in end:
        return None
    if "/" in end:
        network, _, length = end.partition("/")
        first = _number(network)
        return first, first + (1 << 32 - int(length)) - 1
    low, _, high = end.partition("-")
    return _number(low), _number(high or low)


def _addresses(ends: Sequence[tuple[str, str]]) -> set[int]:
    bounds = {point for pair in ends for end in pair if (span := _range(end)) for point in span}
    return bounds | {point + 1 for point in bounds if point + 1 < 1 << 32}


def _at(answer: Pairs, address: int) -> Pairs:
    """The connections with one outside address."""
    found: Pairs = {}
    for (source, target), some in answer.items():
        for end, pair in ((_range(source), ("outside", target)), (_range(target), (source, "outside"))):
            if end and end[0] <= address <= end[1]:
                found[pair] = some
    return found
