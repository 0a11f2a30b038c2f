"""The same cluster and policies for us and for network-config-analyzer 2.1.0, with the ratios.

    python benchmarks/policies_peer.py [--pods 400] [--policies 400] [--install]

The peer needs other versions of libraries than ours, so it has a virtual environment of its own: the one that
NCA_VENV names, else build/nca, which `--install` makes. 400 pods and 400 policies take the peer about three minutes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import yaml
from policies_worlds import world

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from helpers.policies import World  # noqa: E402
from tests.policies import nca  # noqa: E402


def install() -> None:
    """Make build/nca, once."""
    home = ROOT / "build" / "nca"
    if not (home / "bin" / "python").exists():
        venv.create(home, with_pip=True)
    packages = str(ROOT / "requirements-peer.txt")
    subprocess.run([str(home / "bin" / "python"), "-m", "pip", "install", "-q", "-r", packages], check=True)
    os.environ["NCA_VENV"] = str(home)


def processes(objects: list[dict[str, object]]) -> tuple[float, float]:
    """Seconds of both as whole processes on the same files: start, reading, matrix, text."""
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "world.yaml").write_text(yaml.dump_all(objects, Dumper=yaml.CSafeDumper))
        ours = [sys.executable, "-m", "helpers", "matrix", "-f", scratch, "--by", "pod"]
        theirs = [str(nca.python()), "-m", "nca", "--connectivity", scratch, "-r", scratch, "-o", "txt_no_fw_rules"]
        return _seconds(ours, 3), _seconds(theirs, 1)


def _seconds(command: list[str], times: int) -> float:
    """The best of some runs."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        taken.append(time.perf_counter() - began)
    return min(taken)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pods", type=int, default=400)
    parser.add_argument("--policies", type=int, default=400)
    parser.add_argument("--install", action="store_true", help="make the peer's environment in build/nca first")
    options = parser.parse_args()
    if options.install:
        install()
    if nca.python() is None:
        print(
            "policies_peer: the peer is not installed; run `python benchmarks/policies_peer.py --install`, or set "
            "NCA_VENV to a virtual environment that has it.",
            file=sys.stderr,
        )
        return 1
    objects = world(options.pods, options.policies, 5)
    size = f"{options.pods}_pods_{options.policies}_policies"
    began = time.perf_counter()
    matrix = World.of(objects).matrix("pod")
    ours = time.perf_counter() - began
    lines = {(line.source, line.target): line.spans for line in matrix}
    (answer,), (theirs,) = nca.run([objects])
    different = nca.unequal(lines, {pair: spans for pair, spans in answer.items() if pair[0] != pair[1]})
    print(f"policies_matrix_{size}_ours {ours:.3f} s <0.15")
    print(f"policies_matrix_{size}_peer {theirs:.3f} s -")
    print(f"policies_matrix_{size}_ratio {theirs / ours:.0f} times >100")
    mine, others = processes(objects)
    print(f"policies_process_{size}_ours {mine:.3f} s -")
    print(f"policies_process_{size}_peer {others:.3f} s -")
    print(f"policies_process_{size}_ratio {others / mine:.0f} times >20")
    print(f"policies_pairs_{size}_different {len(different)} of_{len(lines)} 0")
    for line in different[:10]:
        print(f"  {line}", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
