"""The shop's commands against a real local cluster."""

import json
import subprocess
import sys

import pytest
from support.cluster import Cluster


class TestCommands:
    def test_page(self, own: Cluster) -> None:
        found = own.page("/")
        assert {"status", "seconds", "error"} <= found.keys() and found["status"] == 200 and found["error"] is None

    def test_a_cart_is_kept_and_a_fresh_one_is_empty(self, own: Cluster) -> None:
        own.run("page", "/cart", "--new-cart", "--post", "product_id=OLJCESPC7Z", "--post", "quantity=3")
        jar = own.home / "cookies.json"
        assert jar.stat().st_mode & 0o777 == 0o600
        before = json.loads(jar.read_text())
        own.page("/cart")
        assert json.loads(jar.read_text()) == before
        own.page("/cart", "--new-cart")
        assert json.loads(jar.read_text()) != before

    def test_page_that_is_not_there(self, own: Cluster) -> None:
        done = own.run("page", "/nothing-here")
        assert done.returncode == 1 and "404" in done.stdout

    def test_flows(self, own: Cluster) -> None:
        own.page("/")
        found = json.loads(own.run("flows", "-o", "json", "--target", "frontend", "--last", "1").stdout)
        assert found[0]["verdict"] == "allowed" and found[0]["source"]["kind"] in ("External", "Pod")
        assert own.run("flows").stdout.startswith("TIME ")

    def test_restart(self, own: Cluster) -> None:
        done = own.run("restart", "adservice")
        assert done.returncode == 0, done.stderr
        done = own.run("restart", "adservces")
        assert done.returncode == 1 and "Did you mean 'adservice'" in done.stderr and "Traceback" not in done.stderr

    @pytest.mark.parametrize(("form", "start"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("dot", b"digraph")])
    def test_graph(self, own: Cluster, form: str, start: bytes) -> None:
        command = [sys.executable, "-m", "helpers", "graph", "-o", form]
        done = subprocess.run(command, env=own.environment, capture_output=True, check=True)
        assert done.stdout.startswith(start)

    def test_bad_input(self, own: Cluster) -> None:
        assert own.run("graph", "-o", "gif").returncode == 2
        assert own.run("page").returncode == 2
