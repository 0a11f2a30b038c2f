"""Write what the course installs, and under which licence: a table for people and a CycloneDX list for programs.

    python tools/licences.py FOLDER

Reads requirements.lock and what is installed of it; writes licences.md and sbom.json. The widgets' front ends bring
packages of their own: their texts are in helpers/display/widgets/LICENSES.txt.
"""

import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BUNDLED = ROOT / "helpers" / "display" / "widgets" / "LICENSES.txt"
UNKNOWN = "not stated"
_TROVE = "License :: "


@dataclass(frozen=True)
class Component:
    """One package: `origin` is the registry that it comes from."""

    name: str
    version: str
    licence: str
    origin: str = "pypi"

    @property
    def purl(self) -> str:
        name = self.name.replace("@", "%40") if self.origin == "npm" else self.name
        return f"pkg:{self.origin}/{name}@{self.version}"


def locked(file: Path) -> list[tuple[str, str]]:
    """Name and version of every package in a lock."""
    return re.findall(r"^([\w.-]+)==([^\s;\\]+)", file.read_text("utf-8"), re.MULTILINE)


def licence_of(package: Distribution) -> str:
    """As the package's metadata says it: an SPDX expression, a name, or what it is filed under."""
    fields = package.metadata
    stated = (fields.get("License-Expression") or fields.get("License") or "").strip()
    stated = "" if stated == "UNKNOWN" else stated
    if stated and "\n" not in stated and len(stated) <= 60:
        return stated
    filed = [line.rpartition(" :: ")[2] for line in fields.get_all("Classifier") or [] if line.startswith(_TROVE)]
    return ", ".join(filed) or stated.partition("\n")[0] or UNKNOWN


def installed(lock: Path) -> Iterator[Component]:
    """Those of a lock that this machine has: some are for other systems."""
    for name, version in locked(lock):
        try:
            package = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if package.version == version:
            yield Component(name, version, licence_of(package))


def bundled(file: Path = BUNDLED) -> Iterator[Component]:
    """The packages inside the widgets' front ends, by the headings of their licence texts."""
    for name, version, licence in re.findall(r"^(@?[\w./-]+) (\d[\w.-]*) \(([^)]+)\)$", file.read_text("utf-8"), re.M):
        yield Component(name, version, licence, origin="npm")


def table(components: list[Component]) -> str:
    rows = [f"| {item.name} | {item.version} | {item.licence} |" for item in components]
    return "\n".join(["| package | version | licence |", "| --- | --- | --- |", *rows, ""])


def bill(components: list[Component]) -> dict[str, Any]:
    """CycloneDX 1.6."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [
            {
                "type": "library",
                "name": item.name,
                "version": item.version,
                "purl": item.purl,
                "bom-ref": item.purl,
                "licenses": [{"license": {"name": item.licence}}],
            }
            for item in components
        ],
    }


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    components = [*installed(ROOT / "requirements.lock"), *bundled()]
    (folder / "licences.md").write_text(table(components), "utf-8")
    (folder / "sbom.json").write_text(json.dumps(bill(components), indent=1) + "\n", "utf-8")
    silent = [item.name for item in components if item.licence == UNKNOWN]
    print(f"{len(components)} packages: {folder / 'licences.md'}, {folder / 'sbom.json'}")
    if silent:
        print(f"These don't state a licence: {', '.join(silent)}", file=sys.stderr)
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
