"""The widgets' front ends in git are what their sources build, and say under which licences they stand."""

import hashlib
import json
import re
from pathlib import Path

import pytest

WIDGETS = Path(__file__).parents[2] / "helpers/display/widgets"
FRONTEND = WIDGETS / "frontend"


def sources_hash() -> str:
    files = [
        *sorted((FRONTEND / "src").glob("*.js")),
        WIDGETS.parent / "drawing/live.js",
        FRONTEND / "package-lock.json",
    ]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


@pytest.mark.parametrize("name", ["editor", "pane", "timeline"])
def test_a_bundle_is_built_from_its_sources(name: str) -> None:
    """If this fails: make editor."""
    found = re.search(r"sha256 ([0-9a-f]{64})", (WIDGETS / f"{name}.js").read_text()[:400])
    assert found and found[1] == sources_hash()


def test_every_bundled_package_brings_its_licence() -> None:
    text = (WIDGETS / "LICENSES.txt").read_text()
    for package in json.loads((FRONTEND / "package.json").read_text())["dependencies"]:
        assert re.search(rf"^{re.escape(package)} [\d.]+ \(MIT\)$", text, re.MULTILINE), package
    assert text.count("Permission is hereby granted, free of charge") >= 8


def test_nothing_is_fetched_from_elsewhere() -> None:
    for name in ("editor", "pane", "timeline"):
        assert not re.search(r"""(?:import|fetch)\s*\(?\s*["']https?:""", (WIDGETS / f"{name}.js").read_text())
