"""Who may import whom: the layers of the house, and what must not be loaded on the way to a quick command."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HELPERS = ROOT / "helpers"

# Start, stop and find the local cluster; all else of it is reached through the Kubernetes API.
LAUNCH = (
    "helpers.localcluster.node.launch",
    "helpers.localcluster.node.status",
    "helpers.localcluster.node.home",
    "helpers.localcluster.node.private",
)

# What a package may import of the others. A longer name is that module alone.
ALLOWED: dict[str, set[str]] = {
    "helpers.podnet": set(),
    "helpers.policies": set(),
    "helpers.boutique": {"helpers.podnet"},
    "helpers.localcluster": {"helpers.podnet", "helpers.policies", "helpers.boutique.images"},
    "helpers.lab": {"helpers.policies", *LAUNCH},
    "helpers.display": {"helpers.lab", "helpers.policies"},
    "helpers.jupyter": {"helpers.lab"},
    "helpers.workshop": {"helpers.jupyter", "helpers.lab", "helpers.display", "helpers.policies", *LAUNCH},
    "helpers.cli": {
        "helpers.jupyter",
        "helpers.lab",
        "helpers.display",
        "helpers.policies",
        "helpers.workshop",
        *LAUNCH,
    },
}

HEAVY = ("kubernetes", "grpc", "IPython", "ipywidgets", "anywidget", "jupyterlab", "starlette", "graphviz")


def modules() -> list[Path]:
    return sorted(
        path
        for path in HELPERS.rglob("*.py")
        if "node_modules" not in path.parts and path.parent != HELPERS and not path.stem.endswith("_pb2")
    )


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def package_of(name: str) -> str:
    return ".".join(name.split(".")[:2])


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of everything of `helpers` that a file imports, wherever in it; a relative one keeps its dots."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.startswith(("helpers.", ".")))


def may(package: str, name: str) -> bool:
    """Whether a module of `package` may import `name`."""
    own = {package, "helpers.plain_text", *ALLOWED[package]}
    return any(name == allowed or name.startswith(f"{allowed}.") for allowed in own)


def test_there_is_something_to_look_at() -> None:
    assert {package_of(name_of(path)) for path in modules()} == set(ALLOWED)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    package = package_of(name_of(path))
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}" for line, name in imported(path) if not may(package, name)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports inside functions and for type checkers count: a circle is one subject in two files."""
    names = {name_of(path) for path in modules()}
    needs = {
        name_of(path): {known for _, name in imported(path) for known in [module_in(name, names)] if known}
        for path in modules()
    }
    circles = sorted(circle(start, needs) for start in names if circle(start, needs))
    assert not circles, "\n".join(" -> ".join(one) for one in circles)


def module_in(name: str, names: set[str]) -> str:
    """The module that an imported name is, or is defined in; empty for a package's own folder."""
    return name if name in names else name.rpartition(".")[0] if name.rpartition(".")[0] in names else ""


def circle(start: str, needs: dict[str, set[str]]) -> list[str]:
    """The shortest way from a module back to itself; empty if there is none."""
    ways = [[start]]
    seen: set[str] = set()
    for way in ways:
        for following in sorted(needs.get(way[-1], set()) - seen):
            if following == start and len(way) > 1:
                return [*way, start]
            seen.add(following)
            ways.append([*way, following])
    return []


@pytest.mark.parametrize(
    "statement",
    [
        "import helpers.__main__",
        "import helpers.localcluster.node.launch",
        "import helpers.cli.cluster",
        "import helpers.policies",
        "import helpers.lab",
        "import helpers.display.newkernel",
    ],
)
def test_a_quick_command_loads_nothing_heavy(statement: str) -> None:
    check = f"import sys; {statement}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.split() == []
