"""The shop's manifest and the course's policies, as objects."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
SHOP = ROOT / "helpers/boutique/manifests/hipster-shop.yaml"
INGRESS = NOTEBOOKS / "policies/ingress"
EGRESS = NOTEBOOKS / "policies/egress"


def read(*files: Path) -> list[dict[str, Any]]:
    """The objects of these YAML files."""
    return [found for file in files for found in yaml.safe_load_all(file.read_text()) if found]


def shop() -> list[dict[str, Any]]:
    return read(SHOP)
