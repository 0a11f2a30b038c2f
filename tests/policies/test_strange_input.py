"""Directories with more than files in them, kustomizations, and text from strangers that goes to terminals and logs."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from helpers.cli.policies import main
from helpers.policies.application.formats import as_csv, as_markdown, dot
from helpers.policies.wording import clean, clean_line

from .build import Object, deployment, pods, policy, rule

ROOT = Path(__file__).resolve().parents[2]
APPS = yaml.safe_dump_all([deployment("web", ports=[80]), deployment("db", ports=[5432])])
NASTY = [
    "\x1b[31mred",
    "a\rb",
    "a\n::error::b",
    "\u202eevil",
    "\x9b2J",
    "\u2028x",
    "\ud800",
    "a\x00b",
    "##[error]x",
    "::warning file=x::y",
    "  ::error::x",
    "##vso[task.setvariable]x",
    "zero\u200bwidth",
    "tag\U000e0041",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    home = tmp_path / "manifests"
    home.mkdir()
    (home / "apps.yaml").write_text(APPS)
    return home


def judged(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit status and standard error of a command that still reads the rest."""
    status = main("can", ["web", "db", "--port", "5432", "-f", str(folder)])
    said = capsys.readouterr()
    assert "web -> default/db" in said.out or "is allowed" in said.out
    return status, said.err


def test_a_broken_link_is_a_problem_and_the_rest_goes_on(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "gone.yaml").symlink_to(folder / "nowhere.yaml")
    assert judged(folder, capsys) == (2, f"python -m helpers: {folder}/gone.yaml: the link leads nowhere\n")


def test_an_editors_lock_file_is_no_reason_to_fail(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / ".#apps.yaml").symlink_to("somebody@somewhere.4711:1700000000")
    assert judged(folder, capsys) == (0, f"python -m helpers: {folder}/.#apps.yaml: it is an editor's lock file\n")


def test_a_pipe_in_a_directory_is_not_waited_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(folder / "pipe.yaml")
    (folder / "dir.yaml").mkdir()
    status, err = judged(folder, capsys)
    assert status == 2 and "pipe.yaml: it is no file, but a pipe" in err


def test_a_loop_of_directories_ends(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "up").symlink_to(folder)
    (folder / "self.yaml").symlink_to(folder / "self.yaml")
    status, err = judged(folder, capsys)
    assert status == 2 and "deep/up: it leads back to a directory that holds it" in err and "self.yaml" in err


def test_a_linked_directory_is_read(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "deny.yaml").write_text(yaml.safe_dump(policy("deny", policyTypes=["Ingress"])))
    (folder / "linked").symlink_to(tmp_path / "other")
    assert main("can", ["web", "db", "--port", "5432", "-f", str(folder)]) == 1
    assert "default/deny" in capsys.readouterr().out


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_a_problem(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("secret.yaml", "closed"):
        (folder / name).mkdir() if name == "closed" else (folder / name).write_text("x")
        (folder / name).chmod(0)
    status, err = judged(folder, capsys)
    assert status == 2 and err.count("it can't be read: Permission denied") == 2


def test_a_pipe_given_by_name_is_read(folder: Path) -> None:
    command = f"{sys.executable} -m helpers can web db --port 5432 -f <(cat {folder}/apps.yaml)"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["a\n::error::b.yaml", "\x1b[2J.yaml", "\udcff.yaml", "\u202egpj.yaml"])
def test_names_of_files_are_shown_and_not_sent(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    (folder / name).write_text("kind: [")
    assert main("lint", ["-f", str(folder)]) == 2
    harmless(capsys.readouterr().err)


def test_a_chart_is_told_to_be_rendered(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "chart.yaml").write_text("kind: Service\nmetadata:\n  name: {{ .Values.name }}\n{{- if .Values.on }}\n")
    assert main("lint", ["-f", str(folder)]) == 2
    assert "helm template" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main("lint", ["--help"])
    assert "helm template CHART | python -m helpers lint … -f -" in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """A base of one Deployment, and an overlay that renames it, moves it and denies all ingress."""
    base, over = tmp_path / "base", tmp_path / "over"
    base.mkdir()
    over.mkdir()
    (base / "app.yaml").write_text(yaml.safe_dump(deployment("web", ports=[80])))
    (base / "kustomization.yaml").write_text("resources: [app.yaml]\n")
    (over / "deny.yaml").write_text(yaml.safe_dump(policy("deny", policyTypes=["Ingress"])))
    (over / "kustomization.yml").write_text("namespace: shop\nnamePrefix: prod-\nresources: [../base, deny.yaml]\n")
    return over


def test_a_kustomization_is_built(overlay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("can", ["8.8.8.8", "shop/prod-web", "--port", "80", "-k", str(overlay), "--strict"]) == 1
    assert "shop/prod-deny" in capsys.readouterr().out
    assert main("matrix", ["-k", str(overlay)]) == 0
    assert "shop/prod-web[Deployment]" in capsys.readouterr().out


def test_a_directory_with_a_kustomization_says_how_to_build_it(
    overlay: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("kustomization.yml", "Kustomization"):
        (overlay / "kustomization.yml").rename(overlay / name)
        assert main("lint", ["-f", str(overlay.parent)]) in (0, 1)
        out = capsys.readouterr().out
        assert "2 Kustomization" in out and "-k" in out and "kubectl kustomize DIR" in out
        assert main("lint", ["-f", str(overlay.parent), "--strict"]) == 2
        capsys.readouterr()
        (overlay / name).rename(overlay / "kustomization.yml")


def test_what_kustomize_refuses_is_said(overlay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("lint", ["-k", str(overlay.parent)]) == 2
    assert "nothing to build" in capsys.readouterr().err
    (overlay / "kustomization.yml").write_text("resources: [missing.yaml]\n")
    assert main("lint", ["-k", str(overlay)]) == 2
    assert "missing.yaml" in capsys.readouterr().err


def harmless(text: str) -> None:
    """Nothing in a text steers a terminal or commands a CI runner."""
    assert not re.search(
        r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-"
        r"\U000e007f]",
        text,
    )
    assert not re.search(r"(?m)^\s*::(error|warning|notice|debug|group|set-output|add-mask|stop-commands)", text)
    assert "##[" not in text and "##vso[" not in text


@given(st.text(alphabet=st.characters(), max_size=60))
def test_cleaned_text_is_harmless(text: str) -> None:
    harmless(clean(text))
    harmless(clean_line(text))
    assert "\n" not in clean_line(text) and clean_line(clean_line(text)) == clean_line(text)


@given(st.text(alphabet=st.characters(whitelist_categories=("L", "N")), max_size=60))
def test_cleaning_leaves_plain_text_as_it_is(text: str) -> None:
    assert clean(text) == clean_line(text) == text
    assert clean("::-ffff:1.2.3.4 => x\n\ty") == "::-ffff:1.2.3.4 => x\n\ty" and clean_line("::1") == "::1"


def named(text: str) -> list[Object]:
    """Objects whose names, labels, namespaces and ports are what a stranger wrote."""
    web: Any = deployment(text, "default", ports=[(text, 80)])
    web["spec"]["template"]["metadata"]["labels"] = {text: text, "app": "web"}
    return [
        web,
        deployment("db", text, ports=[5432]),
        policy("db", "db", text, ingress=[rule(pods("web"))]),
        policy("web", "web", ingress=[rule(pods("db"))]),
        {"apiVersion": f"x/{text}", "kind": text, "metadata": {"name": text}},
    ]


@pytest.mark.parametrize("text", NASTY, ids=ascii)
@pytest.mark.parametrize("form", ["text", "json", "csv", "markdown", "dot", "svg"])
def test_names_from_strangers_go_out_harmless(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, form: str
) -> None:
    source = tmp_path / "strange.json"
    source.write_text(json.dumps({"kind": "List", "items": named(text)}))
    for command in ("matrix", "lint", "suggest", "explain"):
        if form in ("text", "json") or command == "matrix" or (command == "lint" and form in ("csv", "markdown")):
            main(command, ["-f", str(source), "-o", form])
            said = capsys.readouterr()
            harmless(said.out)
            harmless(said.err)
    assert main("matrix", ["-f", str(source), "-o", form]) in (0, 2)


@pytest.mark.parametrize("start", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_runs_no_name(start: str) -> None:
    ((cell,),) = list(csv.reader(io.StringIO(as_csv([start], []))))
    assert cell.startswith("'") or not cell.lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("text", ["<img src=x>", "a|b", "![x](y)", "[x](y)", "`code`", "a\nb", "&lt;"])
def test_markdown_shows_a_name_as_it_is(text: str) -> None:
    line = as_markdown([text], []).splitlines()[0]
    assert as_markdown([text], []).count("\n") == 1
    assert not re.search(r"(?<!\\)`|<|(?<!\\)!\[|\]\(|&(?!amp;|lt;)", line)
    assert len(re.findall(r"(?<!\\)\|", line)) == 2


def test_a_graph_has_no_text_that_steers() -> None:
    for text in NASTY:
        harmless(dot([(f"{text}/a", text, text, "red")]))
