"""`python -m helpers report`: six applications of the kinds that people have, as a page, as Markdown and as JSON."""

import html
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from support.browser import browser_page
from support.course import ROOT

from helpers.policies.wording import short

APPLICATIONS = Path(__file__).parent / "applications"

CUT: dict[str, set[tuple[str, str, int]]] = {
    "chart-with-hooks": {("forum-migrate", "forum-db", 3306)},
    "database-with-replicas": {("db", "db", 7946)},
    "microservices-with-ingress": {("storefront", "catalogue", 8080), ("{ingress-controller}", "catalogue", 8080)},
    "operator-managed": {("intake", "stock", 8080)},
    "platform": {("prometheus", "api", 9100)},
    "scheduled-jobs": {("clean-up", "warehouse", 5432)},
}
"""What each application needs and its policies deny, by the mistake that is in it."""


def report(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "helpers", "report", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def name(end: str) -> str:
    return end.partition("[")[0].rpartition("/")[2]


@pytest.mark.parametrize("application", CUT)
def test_a_report_names_what_is_cut_in_every_form(application: str) -> None:
    file = str(APPLICATIONS / f"{application}.yaml")
    done = report("-f", file, "-o", "json")
    assert done.returncode == 1
    found: dict[str, Any] = json.loads(done.stdout)
    cut = [one for one in found["needed"] if not one["allowed"]]
    assert {(name(one["source"]), name(one["target"]), one["port"]) for one in cut} == CUT[application]
    assert all(one["misses"] and one["why"] for one in cut), "a cut call says which policy came how near, and its need"
    for form in ("markdown", "html"):
        text = html.unescape(report("-f", file, "-o", form).stdout)
        assert all(one["evidence"][0]["field"].split()[-1] in text for one in found["suggestion"]["arrows"])
        assert all(short(one["source"]) in text and short(one["target"]) in text for one in cut)
        assert "NetworkPolicy" in text, "the suggestion's diff"


def test_what_is_not_read_is_said_and_nothing_proven_over_it() -> None:
    file = str(APPLICATIONS / "operator-managed.yaml")
    text = report("-f", file, "-o", "markdown").stdout
    assert "QueueCluster" in text and "CiliumNetworkPolicy" in text and "Not proven" in text
    assert report("-f", file, "-o", "markdown", "--strict").returncode == 2


def test_the_same_manifests_make_the_same_report(tmp_path: Path) -> None:
    file = str(APPLICATIONS / "platform.yaml")
    for form in ("html", "md", "json"):
        texts = []
        for number in (1, 2):
            out = tmp_path / f"{number}.{form}"
            done = report("-f", file, "-o", str(out))
            assert done.returncode == 1 and str(out) in done.stderr and not done.stdout
            texts.append(out.read_text(encoding="utf-8"))
        assert texts[0] == texts[1]


def test_an_application_without_faults_is_status_0(tmp_path: Path) -> None:
    whole = tmp_path / "whole.yaml"
    manifest = (
        (APPLICATIONS / "scheduled-jobs.yaml").read_text(encoding="utf-8").partition("---\napiVersion: networking")[0]
    )
    whole.write_text(manifest, encoding="utf-8")
    suggested = subprocess.run(
        [sys.executable, "-m", "helpers", "suggest", "-f", str(whole)], capture_output=True, text=True, cwd=ROOT
    ).stdout
    whole.write_text(f"{manifest}{suggested}", encoding="utf-8")
    done = report("-f", str(whole), "-o", "json")
    found = json.loads(done.stdout)
    assert all(one["allowed"] for one in found["needed"])
    assert done.returncode == (1 if found["findings"] else 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "report.pdf"], "a file that ends in .html, .md or .json"),
        (["-o", "nowhere/report.html"], "there is no directory nowhere"),
        (["--baseline", "nowhere.json"], "the baseline nowhere.json can't be read"),
        (["--baseline", "README.md"], "is no JSON"),
    ],
)
def test_what_it_can_t_do_is_one_sentence(arguments: list[str], said: str) -> None:
    done = report("-f", str(APPLICATIONS / "platform.yaml"), *arguments)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("dark", [False, True])
def test_a_page_can_be_searched_and_fits(dark: bool, tmp_path: Path) -> None:
    out = tmp_path / "platform.html"
    report("-f", str(APPLICATIONS / "platform.yaml"), "-o", str(out))
    with browser_page(dark=dark) as shown:
        shown.goto(out.as_uri())
        expect(shown.locator(".lab-graph svg").first).to_be_visible()
        faults: list[str] = []
        shown.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        shown.reload()
        assert shown.evaluate("document.documentElement.scrollWidth") <= 1280
        shown.get_by_role("searchbox").fill("prometheus 9100")
        expect(shown.locator("#found")).to_contain_text(" lines")
        assert shown.locator("[data-find]:visible").count() >= 2
        assert not faults
