"""The other ways to the course: Binder's badge, a container for editors, conda, a citation, and CI."""

import json
import re
import runpy
from pathlib import Path

import pytest
import yaml
from support.course import ROOT

TOOL = runpy.run_path(str(ROOT / "tools" / "navigation.py"))


@pytest.mark.parametrize(
    ("address", "badge"),
    [
        ("https://github.com/ada/shop", "mybinder.org/v2/gh/ada/shop/HEAD"),
        ("https://gitlab.com/ada/shop", "mybinder.org/v2/gl/https%3A%2F%2Fgitlab.com%2Fada%2Fshop/HEAD"),
        ("https://git.example.com/ada/shop", "mybinder.org/v2/git/https%3A%2F%2Fgit.example.com%2Fada%2Fshop/HEAD"),
    ],
)
def test_a_fork_changes_its_address_in_one_place(address: str, badge: str) -> None:
    readme = (ROOT / "README.md").read_text()
    renewed = TOOL["renewed"](readme, [TOOL["Lesson"].read(path) for path in TOOL["course"]()], address)
    assert badge in renewed and f"git clone {address} hipster-shop" in renewed
    assert "address of this repository" not in renewed
    again = TOOL["renewed"](renewed, [TOOL["Lesson"].read(path) for path in TOOL["course"]()], TOOL["address"]())
    assert again == readme


def test_no_other_file_names_the_address() -> None:
    for name in ("README.md", "CITATION.cff", "environment.yml", ".devcontainer/devcontainer.json"):
        assert not re.search(r"(?:github|gitlab)\.com/\w", (ROOT / name).read_text()), name


def test_the_container_runs_what_the_readme_says() -> None:
    found = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert found["postCreateCommand"] == "make .venv/.course"
    assert found["postAttachCommand"]["course"].startswith("make lab ")
    assert tuple(map(int, found["image"].rpartition(":")[2].split("."))) >= (3, 11)


def test_conda_installs_what_is_locked() -> None:
    found = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert {"pip": ["-r requirements.lock"]} in found["dependencies"]


def test_the_citation_has_the_packages_version_and_licence() -> None:
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{found["version"]}"' in project and f'license = "{found["license"]}"' in project


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda path: path.name)
def test_a_workflow_can_be_read(path: Path) -> None:
    found = yaml.safe_load(path.read_text())
    assert found["permissions"] == {"contents": "read"}
    for job in found["jobs"].values():
        assert job["timeout-minutes"] <= 90
        assert all("uses" in step or "run" in step for step in job["steps"])


def test_ci_runs_what_a_clean_clone_has_to_pass() -> None:
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())["jobs"]["test"]["steps"]
    assert any(step.get("run") == "bash .ci/run" for step in steps)
