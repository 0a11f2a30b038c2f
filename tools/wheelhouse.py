"""Fetch all that the course needs into a folder, for machines that reach no registry.

    make wheelhouse TO=DIR [PYTHONS="3.11 3.13"] [PLATFORMS="linux-x86_64 macos-arm64"]
    make lab WHEELHOUSE=DIR

The lock says what is needed and with which hashes; its markers are read for each Python and platform asked for.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import mac_platforms

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
GLIBC = 28  # 2.28, the oldest that everything has wheels for
MACOS = (12, 0)


@dataclass(frozen=True)
class Platform:
    """One that the course runs on: its name, and what Python calls its system and processor."""

    name: str
    system: str
    machine: str

    def tags(self) -> list[str]:
        """The platform tags that its pip takes, best first."""
        if self.system == "darwin":
            return list(mac_platforms(MACOS, self.machine))
        numbered = [f"manylinux_2_{minor}_{self.machine}" for minor in range(GLIBC, 4, -1)]
        return [*numbered, f"manylinux2014_{self.machine}", f"manylinux2010_{self.machine}", f"linux_{self.machine}"]

    def markers(self, python: str, patch: int) -> dict[str, str]:
        """What environment markers are read with; `python` is a minor version, as `3.11`."""
        return {
            "sys_platform": self.system,
            "platform_system": {"darwin": "Darwin", "linux": "Linux"}[self.system],
            "platform_machine": self.machine,
            "os_name": "posix",
            "python_version": python,
            "python_full_version": f"{python}.{patch}",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }


PLATFORMS = {
    found.name: found
    for found in (
        Platform("linux-x86_64", "linux", "x86_64"),
        Platform("linux-aarch64", "linux", "aarch64"),
        Platform("macos-arm64", "darwin", "arm64"),
        Platform("macos-x86_64", "darwin", "x86_64"),
    )
}


def needed(lock: str, platform: Platform, python: str, patch: int = 0) -> Iterator[str]:
    """The lock's entries, with their hashes, that apply there."""
    for entry in re.split(r"\n(?=[^\s#])", lock):
        head, _, hashes = entry.partition("\\\n")
        if "==" not in head:
            continue
        found = Requirement(head)
        if found.marker is None or found.marker.evaluate(platform.markers(python, patch)):
            yield f"{found.name}{found.specifier} \\\n{hashes.rstrip()}\n"


def fetch(folder: Path, platform: Platform, python: str) -> None:
    """Download what is needed there, checked by hash; what is in the folder already stays. Raises SystemExit."""
    lock = LOCK.read_text("utf-8")
    first, last = (list(needed(lock, platform, python, patch)) for patch in (0, 99))
    for wanted, version in ((first, python), ([entry for entry in last if entry not in first], f"{python}.99")):
        if wanted and _download(folder, platform, version, "".join(wanted)):
            raise SystemExit(f"Not complete for Python {python} on {platform.name}: see above. The rest is kept.")


def _download(folder: Path, platform: Platform, python: str, wanted: str) -> int:
    """Returns pip's exit status."""
    command = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--require-hashes", "--implementation", "cp", "--python-version", python]
    command += [f"--abi={abi}" for abi in (f"cp{''.join(python.split('.')[:2])}", "abi3", "none")]
    command += [f"--platform={tag}" for tag in platform.tags()]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as listed:
        listed.write(wanted)
        listed.flush()
        return subprocess.run([*command, "--dest", str(folder), "--requirement", listed.name]).returncode


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description="Fetch all that the course needs into a folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", nargs="+", default=PYTHONS, choices=PYTHONS, metavar="X.Y")
    parser.add_argument("--platform", nargs="+", default=list(PLATFORMS), choices=PLATFORMS, metavar="SYSTEM-PROCESSOR")
    chosen = parser.parse_args(arguments)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for name in chosen.platform:
        for python in chosen.python:
            fetch(chosen.folder, PLATFORMS[name], python)
            print(f"{name}, Python {python}: complete", flush=True)
    shutil.copy(ROOT / "tools" / "preflight.py", chosen.folder)
    wheels = list(chosen.folder.glob("*.whl"))
    size = sum(path.stat().st_size for path in wheels) // 10**6
    print(f"{chosen.folder}: {len(wheels)} wheels, {size} MB. On a machine without a registry: make lab WHEELHOUSE=DIR")


if __name__ == "__main__":
    main(sys.argv[1:])
