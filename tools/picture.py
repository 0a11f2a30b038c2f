"""Draw the README's picture: the shop with the course's first two policies, from the manifests alone.

    python tools/picture.py
"""

from pathlib import Path
from typing import Any

import yaml

from helpers import display

ROOT = Path(__file__).resolve().parent.parent
FILES = [ROOT / "helpers/boutique/manifests/hipster-shop.yaml",
         ROOT / "notebooks/policies/ingress/01-shipping-allow-checkout.yaml",
         ROOT / "notebooks/policies/ingress/02-shipping-allow-frontend.yaml"]


def objects() -> list[dict[str, Any]]:
    """The shop and the two policies."""
    return [found for file in FILES for found in yaml.safe_load_all(file.read_text("utf-8")) if found]


if __name__ == "__main__":
    display.graph(objects=objects(), last="").save(ROOT / "docs" / "shop.svg")
