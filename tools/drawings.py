"""Draw the documents' drawings with the course's own graph: the README's shop, and the house of the code.

python tools/drawings.py
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from helpers import display
from helpers.display.drawing.picture import Picture

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
FILES = [
    ROOT / "helpers/boutique/manifests/hipster-shop.yaml",
    ROOT / "notebooks/policies/ingress/01-shipping-allow-checkout.yaml",
    ROOT / "notebooks/policies/ingress/02-shipping-allow-frontend.yaml",
]


def shop() -> list[dict[str, Any]]:
    """The shop and the course's first two policies, from the manifests alone."""
    return [found for file in FILES for found in yaml.safe_load_all(file.read_text("utf-8")) if found]


def house() -> list[dict[str, Any]]:
    """The packages of the code as workloads; each calls those that it imports, on the port that counts the imports."""
    packages = sorted(path.name for path in (ROOT / "helpers").iterdir() if (path / "__init__.py").exists())
    counts = {name: {other: count for other, count in imported(name).items() if other in packages} for name in packages}
    doors = {name: {others[name] for others in counts.values() if name in others} for name in packages}
    return [item for name in packages for item in workload(name, counts[name], sorted(doors[name]))]


def imported(package: str) -> Counter[str]:
    """How often a package's modules import other packages of `helpers`, at their top or later."""
    names = [name.split(".")[1] for path in (ROOT / "helpers" / package).rglob("*.py") for name in modules(path)]
    return Counter(name for name in names if name != package)


def modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name for name in names if name.startswith("helpers."))


def workload(name: str, calls: dict[str, int], doors: list[int]) -> list[dict[str, Any]]:
    """A Deployment that calls others on a port each, and its Service with its own ports."""
    env = [{"name": f"{other.upper()}_ADDR", "value": f"{other}:{port}"} for other, port in calls.items()]
    spec = {
        "containers": [
            {"name": "main", "image": name, "env": env, "ports": [{"containerPort": port} for port in doors]}
        ]
    }
    labels = {"app": name}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {"selector": labels, "ports": [{"name": f"p{port}", "port": port} for port in doors]},
        },
    ]


PORTS = "The number is the port on which the pod listens; a → b where its Service has another port, a."
WORDS = {"Who calls whom": "Who imports whom", PORTS: "The number says how many imports there are."}


def renamed(picture: str) -> str:
    """The picture of the house in the words of a house."""
    for old, new in WORDS.items():
        assert old in picture
        picture = picture.replace(old, new)
    return picture


def write(picture: Picture, name: str, words: Callable[[str], str] = str) -> None:
    """Write a picture for light pages, and one with `-dark` in its name for dark ones; both are transparent."""
    for ending, dark in (("", False), ("-dark", True)):
        (DOCS / f"{name}{ending}.svg").write_text(words(picture.svg(dark=dark, paper=False)), "utf-8")


if __name__ == "__main__":
    write(display.graph(objects=shop(), last=""), "shop")
    write(display.architecture(objects=house()), "architecture", renamed)
