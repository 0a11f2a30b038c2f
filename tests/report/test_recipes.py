"""The recipes of docs/ci.md as they stand there, and the action and the hook that they name."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.course import ROOT

TEXT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
SECTIONS = [section.partition("\n") for section in TEXT.split("\n## ")[1:]]
RECIPES = [(title, "".join(re.findall(r"```sh\n(.*?)```", body, re.DOTALL))) for title, _, body in SECTIONS]
COMMAND = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)[0]
APPLICATION = ROOT / "tests" / "report" / "applications" / "platform.yaml"
FAILING = {"Stop at mistakes"}
"""The recipes that must stop, for the application has a mistake."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's repository: manifests, an overlay, a chart's output, and a branch with one policy less."""
    place = tmp_path_factory.mktemp("project")
    (place / "manifests").mkdir()
    (place / "overlays" / "production").mkdir(parents=True)
    shutil.copy(APPLICATION, place / "manifests" / "platform.yaml")
    shutil.copy(APPLICATION, place / "overlays" / "production" / "platform.yaml")
    (place / "overlays" / "production" / "kustomization.yaml").write_text("resources: [platform.yaml]\n")
    (place / "bin").mkdir()
    helm = place / "bin" / "helm"  # what matters is what it prints
    helm.write_text(f"#!/bin/sh\nexec cat {APPLICATION}\n")
    helm.chmod(0o755)
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "Manifests"]):
        git(place, *command)
    git(place, "checkout", "-qb", "change")
    policies = (place / "manifests" / "platform.yaml").read_text().rpartition("---\n")[0]
    (place / "manifests" / "platform.yaml").write_text(policies)
    return place


def git(place: Path, *command: str) -> None:
    person = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    subprocess.run(["git", *person, *command], cwd=place, check=True)


def environment(place: Path, **more: str) -> dict[str, str]:
    path = os.pathsep.join([str(place / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **more}


def run(place: Path, script: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=place,
        env=environment(place, **more),
        capture_output=True,
        text=True,
    )


def test_there_are_recipes() -> None:
    assert len(RECIPES) >= 7


def test_recipes_work_in_their_order(project: Path) -> None:
    for title, script in RECIPES:
        done = run(project, COMMAND + script)
        assert done.returncode == (1 if title in FAILING else 0), f"{title}: {done.stdout}{done.stderr}"
    comment = (project / "comment.md").read_text(encoding="utf-8")
    assert comment.startswith("<!-- network-policies -->\n") and "Would be opened, though nothing needs it" in comment
    assert json.loads((project / "policies.sarif").read_text())["runs"][0]["results"]
    assert "prometheus" in (project / "policies.md").read_text(encoding="utf-8")


def test_a_baseline_holds_back_only_what_it_holds(project: Path) -> None:
    script = COMMAND + (
        "policies lint -f overlays/production -o json > base.json || [ $? = 1 ]\n"
        "sed 's/port: 8080}/port: 8081}/' overlays/production/platform.yaml > moved.yaml\n"
        "{ echo; echo '# a line more'; cat overlays/production/platform.yaml; } > longer.yaml\n"
        "mv longer.yaml overlays/production/platform.yaml\n"
        "policies lint -f overlays/production --baseline base.json\n"
        "mv moved.yaml overlays/production/platform.yaml\n"
        "policies lint -f overlays/production --baseline base.json -o json\n"
    )
    done = run(project, script)
    assert done.returncode == 1 and "3 findings of the baseline not listed." in done.stderr
    found = json.loads(done.stdout[done.stdout.index("{") :])["findings"]
    assert found and all("8081" in one["sentence"] or "8080" in one["sentence"] for one in found)


def steps() -> Iterator[dict[str, Any]]:
    yield from (step for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"] if "run" in step)


@pytest.mark.parametrize(("least", "status"), [("error", 0), ("warning", 1)])
def test_the_action_annotates_and_fails_as_told(least: str, status: int, tmp_path: Path) -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (tmp_path / "manifests").mkdir()
    shutil.copy(APPLICATION, tmp_path / "manifests" / "platform.yaml")
    given = {name: about["default"] for name, about in action["inputs"].items()}
    given |= {"least": least, "report": "out.html", "sarif": "out.sarif", "before": "manifests"}
    step = next(step for step in steps() if step["name"] == "Check")
    values = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: given[found[1]], str(value)).replace(
            "${{ github.action_path }}", str(ROOT)
        )
        for name, value in step["env"].items()
    }
    done = run(tmp_path, step["run"], **values, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"))
    assert done.returncode == status, done.stderr
    assert ("::warning file=manifests/platform.yaml,line=" in done.stdout) == bool(status)
    assert "nothing changes" in (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert (tmp_path / "out.html").stat().st_size > 10_000 and json.loads((tmp_path / "out.sarif").read_text())


def test_the_hook_is_a_command_that_runs(project: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert hook["id"] == "network-policies" and f"id: {hook['id']}" in TEXT
    assert re.search(hook["files"], "manifests/web.yaml") and not re.search(hook["files"], "README.md")
    done = run(project, f"{hook['entry']} -f manifests/ --least warning")
    assert done.returncode == 1 and "[needed-call-denied]" in done.stdout
    pinned = {line.strip() for line in (ROOT / "requirements.txt").read_text().splitlines()}
    assert set(hook["additional_dependencies"]) <= pinned


def test_an_annotation_holds_no_command_of_the_input(tmp_path: Path) -> None:
    manifest = tmp_path / "odd,name: 50%.yaml"
    manifest.write_text(APPLICATION.read_text().replace("name: api, namespace: app", "name: api, namespace: app", 1))
    done = run(tmp_path, f"{COMMAND}policies lint -f '{manifest.name}' -o github || true")
    lines = done.stdout.splitlines()
    assert lines and all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    assert all("file=odd%2Cname%3A 50%25.yaml,line=" in line for line in lines)
