"""The commands, as scripts use them: output, standard error, exit status."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.cli.policies import main

from .build import deployment, pods, policy, rule, service

ROOT = Path(__file__).resolve().parents[2]
SHOP = str(ROOT / "helpers/boutique/manifests/hipster-shop.yaml")
ITEMS = [deployment("web", ports=[8080]), deployment("db", ports=[5432]), service("db", 80, 5432)]
ALLOW = policy("db-allow-web", "db", ingress=[rule(pods("web"), ports=[5432])])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "apps.yaml").write_text(yaml.safe_dump_all(ITEMS))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "policy.yml").write_text(yaml.safe_dump(ALLOW))
    (tmp_path / "readme.txt").write_text("not: read")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.yaml").write_text("[")
    return tmp_path


def test_matrix_of_a_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("matrix", ["-f", str(folder)]) == 0
    out = capsys.readouterr().out
    assert "default/web[Deployment] => default/db[Deployment] : TCP 5432" in out.splitlines()


@pytest.mark.parametrize("form", ["json", "csv", "markdown", "dot", "svg"])
def test_matrix_in_other_forms(folder: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert main("matrix", ["-f", str(folder), "-o", form, "--by", "pod"]) == 0
    out = capsys.readouterr().out
    assert "db" in out and ("<svg" in out) is (form == "svg")
    if form == "json":
        assert json.loads(out)["connections"][0]["src"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["web", "db", "--port", "5432"], 0),
        (["default/web", "deployment/db", "--port", "5432"], 0),
        (["web", "db", "--port", "80"], 1),
        (["web", "db", "--port", "80", "--service", "db"], 0),
        (["web", "--port", "80", "--service", "default/db"], 0),
        (["8.8.8.8", "db", "--port", "5432"], 1),
        (["web", "8.8.8.8", "--port", "443"], 0),
        (["web", "db", "--port", "5432", "--protocol", "udp"], 1),
        (["web", "bd", "--port", "5432"], 2),
        (["web", "db", "--port", "81", "--service", "db"], 2),
        (["web", "db", "--port", "5432", "--service", "dbb"], 2),
    ],
)
def test_can_answers_with_its_status(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int
) -> None:
    assert main("can", [*arguments, "-f", str(folder)]) == status
    said = capsys.readouterr()
    assert ("is allowed:" in said.out, "is denied:" in said.out, bool(said.err)) == (
        status == 0,
        status == 1,
        status == 2,
    )


def test_explain_tells_each_miss(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("explain", ["8.8.8.8", "db", "--port", "80", "-f", str(folder)]) == 1
    assert "ingress: default/db-allow-web allows app=web" in capsys.readouterr().out
    assert main("explain", ["web", "db", "--port", "80", "-f", str(folder), "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["misses"][0]["kind"] == "port"
    assert main("explain", ["web", "db", "--port", "80", "-f", str(folder), "-o", "html"]) == 1
    assert "✗ denied" in capsys.readouterr().out


def test_explain_without_ends_tells_each_needed_call_that_is_denied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    callers = [deployment("web", env={"DB_ADDR": "db:80"}), deployment("job", env={"DB_URL": "http://db:80/x"})]
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all([*ITEMS[1:], *callers, ALLOW]))
    assert main("explain", ["-f", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert out.count("is denied:") == 1 and "default/job → default/db TCP 5432 is denied" in out
    assert "needed by env DB_URL of Deployment default/job" in out
    assert main("explain", ["-f", str(tmp_path), "-o", "json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)["verdicts"]
    assert found["allowed"] is False and found["evidence"][0]["object"] == "Deployment default/job"
    (tmp_path / "more.yaml").write_text(yaml.safe_dump(policy("db-allow-job", "db", ingress=[rule(pods("job"))])))
    assert main("explain", ["-f", str(tmp_path)]) == 0
    assert "None of the 2 calls that the input declares is denied." in capsys.readouterr().out
    assert main("explain", ["-f", str(tmp_path), "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdicts"] == []


def test_explain_without_ends_says_when_nothing_is_declared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("explain", ["-f", str(folder)]) == 0
    assert "declares no call" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["web"], ["web", "db"], ["web", "--port", "80"], ["--service", "db"], ["--service", "db", "--port", "80"]],
)
@pytest.mark.parametrize("name", ["can", "explain"])
def test_half_a_connection_is_wrong_usage(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(name, [*arguments, "-f", str(folder)])
    assert ended.value.code == 2 and "give FROM, TO (or --service) and --port" in capsys.readouterr().err


def test_diff_of_what_applying_would_change(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = tmp_path / "new.json"
    new.write_text(json.dumps({**ALLOW, "spec": {**ALLOW["spec"], "ingress": []}}))
    apps = ["-f", str(folder / "apps.yaml"), "-f", str(folder / "deep")]
    assert main("diff", [str(new), *apps]) == 1
    assert "removed: default/web[Deployment] => default/db[Deployment] : - TCP 5432" in capsys.readouterr().out
    assert main("diff", [str(folder / "deep"), *apps]) == 0
    assert "mean the same" in capsys.readouterr().out
    assert main("diff", [str(folder / "deep"), str(new), *apps, "-o", "json"]) == 1
    assert json.loads(capsys.readouterr().out)["changes"][0]["type"] == "removed"
    for form in ("csv", "markdown", "dot", "svg"):
        assert main("diff", [str(new), *apps, "-o", form]) == 1
        assert "db" in capsys.readouterr().out


def test_diff_of_two_folders_with_everything_in_them(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "apps.yaml").write_text(yaml.safe_dump_all(ITEMS))
    assert main("diff", [str(folder / "apps.yaml"), str(other)]) == 0
    assert main("diff", [str(folder), str(other)]) == 1


def test_lint_in_every_form(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trap = {**ALLOW, "spec": {**ALLOW["spec"], "ingress": [rule(pods("web"), ports=[80])]}}
    (folder / "deep" / "policy.yml").write_text(yaml.safe_dump(trap))
    assert main("lint", ["-f", str(folder), "--least", "error"]) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"{folder}/deep/policy.yml:13:7: error: ") and "[service-port]" in out
    for form in ("json", "csv", "markdown", "sarif"):
        assert main("lint", ["-f", str(folder), "-o", form]) == 1
        assert "service-port" in capsys.readouterr().out
    assert main("lint", ["-f", str(folder), "--least", "error", "--skip", "service-port"]) == 0
    assert main("lint", ["-f", str(folder), "--skip", "nothing"]) == 2


def test_sarif_has_what_scanners_need(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main("lint", ["-f", str(folder), "-o", "sarif"])
    run = json.loads(capsys.readouterr().out)["runs"][0]
    known = {rule_["id"] for rule_ in run["tool"]["driver"]["rules"]}
    for result in run["results"]:
        assert result["ruleId"] in known and result["level"] in ("error", "warning", "note")
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] >= 1 and region["startColumn"] >= 1


def test_suggest_writes_what_apply_reads(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main("suggest", ["-f", SHOP]) == 0
    said = capsys.readouterr()
    assert "proof: the matrix holds these arrows and nothing more" in said.err
    assert len(list(yaml.safe_load_all(said.out))) == 35
    flows = tmp_path / "flows.json"
    end = {"kind": "Pod", "namespace": "default", "labels": {"app": "frontend"}, "name": "frontend"}
    flows.write_text(
        json.dumps(
            [
                {
                    "source": end,
                    "target": {**end, "name": "adservice"},
                    "port": 9555,
                    "protocol": "TCP",
                    "verdict": "allowed",
                }
            ]
        )
    )
    arguments = ["-f", SHOP, "--flows", str(flows), "--from", "flows", "--style", "workload", "--no-dns", "-o", "json"]
    assert main("suggest", arguments) == 0
    assert len(json.loads(capsys.readouterr().out)["arrows"]) == 1
    assert main("suggest", ["-f", SHOP, "--from", "both", "--flows", str(flows), "--no-egress"]) == 0
    flows.write_text("no json")
    assert main("suggest", ["-f", SHOP, "--from", "flows", "--flows", str(flows)]) == 2
    assert main("suggest", ["-f", SHOP, "--from", "flows", "--flows", str(tmp_path / "none")]) == 2


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Stream:
        buffer = io.BytesIO(yaml.safe_dump_all([*ITEMS, ALLOW]).encode())

    monkeypatch.setattr(sys, "stdin", Stream)
    assert main("can", ["web", "db", "--port", "5432", "-f", "-"]) == 0
    assert "is allowed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("kind: [", "bad.yaml, document 1, line "),
        (yaml.safe_dump(policy(ingress=[rule(ports=[0])])), "line 9"),
    ],
)
def test_bad_input_is_told_and_the_rest_goes_on(
    folder: Path, capsys: pytest.CaptureFixture[str], content: str, words: str
) -> None:
    (folder / "bad.yaml").write_text(content)
    assert main("can", ["web", "db", "--port", "5432", "-f", str(folder)]) == 2
    said = capsys.readouterr()
    assert "is allowed" in said.out and words in said.err


def test_a_values_file_beside_manifests_is_no_bad_input(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "values.yaml").write_text("replicaCount: 1")
    assert main("can", ["web", "db", "--port", "5432", "-f", str(folder)]) == 0
    assert "it has no kind" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["matrix", "-f", "/nowhere"],
        ["matrix", "-f", "/dev/null"],
        ["lint", "-f", "/dev"],
        ["matrix", "--context", "no-such-context"],
    ],
)
def test_nothing_to_read(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    assert main(arguments[0], arguments[1:]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("python -m helpers") and not said.out


@pytest.mark.parametrize(
    "arguments",
    [["matrix"], ["lint"], ["suggest"], ["can", "web", "db", "--port", "80"], ["matrix", "--context", "hipster-lab"]],
)
def test_without_an_input_the_lab_is_read_and_no_other_cluster(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").write_text(
        "current-context: own\nclusters: [{name: own, cluster: {server: 'https://own:1'}}]\n"
        "contexts: [{name: own, context: {cluster: own}}]\n"
    )
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "own"))
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "lab"))
    monkeypatch.delenv("LAB_CONTEXT", raising=False)
    assert main(arguments[0], arguments[1:]) == 2
    assert capsys.readouterr().err == (
        f"python -m helpers {arguments[0]}: No cluster runs in {tmp_path / 'lab'}. Start it: python -m helpers up; or "
        "read another one with --context NAME, or files with -f PATH.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["can", "web"],
        ["can", "web", "db", "--port", "http"],
        ["can", "web", "db", "--port", "70000"],
        ["can", "web", "--port", "80"],
        ["matrix", "-o", "yaml"],
        ["diff"],
        ["suggest", "--no-ingress", "--no-egress"],
        ["diff", "a", "b", "c"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments[0], arguments[1:])
    assert caught.value.code == 2 and "usage:" in capsys.readouterr().err


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "helpers", *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60, **options
    )


def test_as_a_process() -> None:
    assert run("can", "frontend", "shippingservice", "--port", "50051", "-f", SHOP).returncode == 0
    done = run("can", "--help")
    assert done.returncode == 0 and "--service" in done.stdout


def test_a_reader_that_stops_early_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m helpers matrix -f {SHOP} | head -1",
        shell=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )
    assert done.stdout.count("\n") == 1 and not done.stderr
