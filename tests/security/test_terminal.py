"""Whatever a page, an object, a file or an argument holds: it is shown, and neither steers the terminal nor breaks."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cluster import Cluster
from support.writer import POLICIES, Api

from helpers.lab.errors import LabError
from helpers.lab.shop.pages import Page
from helpers.plain_text import clean, clean_line

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
LATIN = {"PYTHONIOENCODING": "latin-1"}
ODD = [
    "\x1b]0;title\x07",
    "\x1b[2J",
    "\x9b31m",
    "\u202eevil",
    "caf\u00e9",
    "\u4e2d\u6587",
    "a\rb",
    "a\nb",
    "\x7f",
    b"\xff\xfe",
    b"\xc3",
    b"\xed\xa0\x80",
]
STEERING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COMMANDS: list[list[str]] = [
    ["{}"],
    ["page", "/{}"],
    ["page", "/cart", "--post", "product_id={}"],
    ["page", "/?q={}"],
    ["page", "{}"],
    ["restart", "{}"],
    ["flows", "--source", "{}"],
    ["flows", "--target", "{}"],
    ["can", "{}", "shippingservice"],
    ["can", "frontend", "{}"],
    ["explain", "frontend", "{}:80"],
    ["lint", "{}"],
    ["diff", "{}", "{}"],
    ["graph", "--file", "{}/x.svg"],
    ["suggest", "{}"],
    ["matrix", "-o", "{}"],
    ["matrix", "{}"],
    ["up", "{}"],
]


def helpers(arguments: list[Any], environment: Mapping[str, str], stdin: bytes = b"") -> tuple[int, bytes]:
    """The exit status and what was printed on either output."""
    done = subprocess.run(
        [sys.executable, "-m", "helpers", *arguments],
        env={**os.environ, **environment},
        timeout=60,
        input=stdin,
        capture_output=True,
    )
    return done.returncode, done.stdout + done.stderr


def assert_plain(arguments: list[Any], said: bytes, encoding: str) -> None:
    text = said.decode(encoding)
    assert "Traceback" not in text, f"{arguments}: {text[-2000:]}"
    assert not STEERING.search(text), f"{arguments}: {text!r}"


def filled(command: list[str], odd: str | bytes) -> list[bytes]:
    typed = odd if isinstance(odd, bytes) else odd.encode()
    return [part.encode().replace(b"{}", typed) for part in command]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_odd_arguments(lab: Cluster, command: list[str]) -> None:
    """In a locale of ASCII alone, where each is odd in its own way."""
    chosen = ODD if command[0] in ("{}", "page") else ODD[hash(command[0]) % 3 :: 3]
    for odd in chosen:
        arguments = filled(command, odd)
        code, said = helpers(arguments, {**lab.environment, **ASCII})
        assert code in (0, 1, 2), (arguments, said)
        assert_plain(arguments, said, "ascii")


@pytest.mark.parametrize("where", [">&-", "2>&-", ">&- 2>&-", ">/dev/full", "| head -1", "| true"])
@pytest.mark.parametrize("buffered", ["", "1"])
def test_outputs_that_take_nothing(tmp_path: Path, where: str, buffered: str) -> None:
    """Closed, full, or not read to the end."""
    environment = {**os.environ, "LAB_HOME": str(tmp_path / "lab"), "PYTHONUNBUFFERED": buffered}
    for command in ("--help", "status", "lint --help", "nothing"):
        done = subprocess.run(
            ["bash", "-c", f"{sys.executable} -m helpers {command} {where}"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr, done.stderr


POLICY = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "odd", "annotations": {"note": "\x1b]0;title\x07\x9b2J\u202e"}},
    "spec": {"podSelector": {"matchLabels": {"app": "shippingservice"}}, "ingress": []},
}


@pytest.mark.parametrize("locale", [ASCII, LATIN, {}], ids=["ascii", "latin", "usual"])
def test_odd_objects_and_pages(lab: Cluster, api: Api, tmp_path: Path, locale: dict[str, str]) -> None:
    api.request("POST", POLICIES, POLICY)
    encoding = {"C": "ascii"}.get(locale.get("LC_ALL", ""), "latin-1" if locale == LATIN else "utf-8")
    wild = json.loads(json.dumps(POLICY))
    wild["metadata"] |= {"name": "\x1b[31m\x9b\u202e", "namespace": "\x07"}
    wild["spec"]["podSelector"]["matchLabels"] = {"app": "\x1b[2J", "\u202e": "caf\u00e9"}
    file = tmp_path / "caf\u00e9.json"
    file.write_text(json.dumps(wild))
    raw = tmp_path / "raw.yaml"
    raw.write_bytes(b"kind: \x1b[2J\xff\n# \xe2\x80\xae\n")
    environment = {**lab.environment, **locale}
    try:
        for command in (
            ["status"],
            ["matrix"],
            ["lint"],
            ["flows"],
            ["explain", "frontend", "shippingservice:50051"],
            ["page", "/product/%1b]0;title%07%c2%9b"],
            ["page", "/%e2%80%ae"],
            ["suggest"],
            ["lint", str(file)],
            ["lint", str(raw)],
            ["diff", str(file), str(raw)],
            ["matrix", str(file)],
            ["graph", "-o", "dot"],
        ):
            code, said = helpers(command, environment)
            assert code in (0, 1, 2), (command, said)
            assert_plain(command, said, "utf-8" if command[0] == "graph" else encoding)
    finally:
        api.request("DELETE", f"{POLICIES}/odd")


def test_what_kubectl_prints_of_a_refusal_is_plain(lab: Cluster, tmp_path: Path) -> None:
    for number, name in enumerate(("\x1b[31m", "\x9b2J", "\u202eevil", "a\x07")):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {"containers": [{"name": name, "image": name, "ports": [{"name": name, "containerPort": name}]}]},
        }
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(pod))
        done = lab.try_kubectl("create", "--validate=false", "-f", str(file))
        assert done.returncode == 1 and not STEERING.search(done.stdout + done.stderr), done.stderr
        code, answer = Api(lab.home / "kubeconfig").refusal("POST", "/api/v1/namespaces/default/pods", pod)
        assert code >= 400 and not STEERING.search(answer["message"])


def test_what_visitors_ask_for_does_not_steer_who_reads_the_logs(lab: Cluster) -> None:
    for path in ("/product/%1b[2J", "/product/%c2%9b2J", "/product/%e2%80%aeevil"):
        helpers(["page", path], lab.environment)
    log = lab.kubectl("logs", "deployment/frontend", "--tail=20")
    assert "evil" in log and not STEERING.search(log)


def test_json_holds_the_same_in_every_locale(lab: Cluster) -> None:
    """The escapes are those of JSON itself."""
    said = [
        helpers(["page", "/product/caf\u00e9\U0001f600", "-o", "json"], {**lab.environment, **locale})[1]
        for locale in (ASCII, LATIN, {"PYTHONIOENCODING": "utf-8"})
    ]
    paths = {json.loads(text)["path"].encode("utf-8", "surrogateescape").decode() for text in said}
    assert paths == {"/product/caf\u00e9\U0001f600"}


def test_what_a_notebook_shows_is_plain() -> None:
    page = Page("/\x1b[2J", 500, 0.1, "\x1b]0;title\x07 \ud800\u202e")
    for text in (repr(page), *LabError("pod \x1b[31mevil\x07\ud800")._render_traceback_()):
        assert not STEERING.search(text)
        text.encode()


@given(st.text(st.characters(codec=None)))
def test_cleaning_leaves_nothing_that_steers(text: str) -> None:
    shown = clean(text)
    assert not STEERING.search(shown)
    shown.encode()
    assert clean(shown) == shown, "and is the same when it is cleaned again"
    assert "\n" not in clean_line(text) and "\t" not in clean_line(text)


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))))
def test_cleaning_leaves_plain_text_as_it_is(text: str) -> None:
    assert clean(text) == text == clean_line(text)
