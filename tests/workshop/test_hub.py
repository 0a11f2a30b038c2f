"""JupyterHub as docs/hub.md sets it up: each user a course, a lab of their own, and nothing of it after they leave.

The configuration is the document's own; only the folder of the environment and who may log in are the test's.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.course import ROOT
from support.seats import Attendee
from support.workshop import free_port

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]
PLACE = ROOT / "build" / "hub"
TOKEN = "a-token-of-the-test"
USERS = ("ada", "bo")
OWN = """
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{place}/home/{{username}}"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.bind_url = "http://127.0.0.1:{port}/"
c.JupyterHub.hub_port = {port} + 1
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{other}"
c.JupyterHub.services = [{{"name": "test", "api_token": "{token}"}}]
c.Spawner.args += {arguments}
scopes = ["admin:users", "admin:servers", "tokens"]
c.JupyterHub.load_roles = [{{"name": "test", "services": ["test"], "scopes": scopes}}]
"""


def blocks(language: str) -> list[str]:
    """The document's blocks of code."""
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "docs" / "hub.md").read_text("utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def environment() -> Path:
    """The shared environment, made as the document says: hub, proxy, and the course as a wheel."""
    if not shutil.which("npm"):
        pytest.skip("no npm on this machine, from which configurable-http-proxy comes")
    marker = PLACE / ".made"
    if not marker.exists():
        PLACE.mkdir(parents=True, exist_ok=True)
        pip = [str(PLACE / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        hub = next(line.split()[-1] for line in blocks("sh")[0].splitlines() if "jupyterhub==" in line)
        subprocess.run([sys.executable, "-m", "venv", PLACE], check=True)
        subprocess.run([*pip, "--require-hashes", "-r", ROOT / "requirements.lock"], check=True)
        subprocess.run([*pip, hub], check=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", PLACE, "configurable-http-proxy"], check=True)
        marker.touch()
    wheels = PLACE / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    pip = [str(PLACE / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, ROOT], check=True)
    subprocess.run([*pip, "install", "--no-deps", "--force-reinstall", *wheels.glob("*.whl")], check=True)
    return PLACE


@dataclass(frozen=True)
class Hub:
    """A running hub, asked over its API."""

    address: str
    place: Path

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}hub/api/{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, None

    def log_in(self, user: str) -> Attendee:
        """Start a user's server, as a browser does; returns who may use it."""
        self.ask("POST", f"users/{user}")
        self.ask("POST", f"users/{user}/server")
        deadline = time.monotonic() + 120
        while not (self.ask("GET", f"users/{user}")[1] or {}).get("server"):
            assert time.monotonic() < deadline, (self.place / "hub.log").read_text()[-3000:]
            time.sleep(0.5)
        token = self.ask("POST", f"users/{user}/tokens", {"note": "test"})[1]["token"]
        return Attendee(user, f"{self.address}user/{user}/", token)


@pytest.fixture(scope="module")
def hub(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    place = tmp_path_factory.mktemp("hub")
    with running(environment, place) as found:
        yield found


@contextmanager
def running(environment: Path, place: Path) -> Iterator[Hub]:
    (place / "home").mkdir()
    (place / "board").mkdir()
    port = free_port()
    arguments = ["--allow-root"] if os.geteuid() == 0 else []
    own = OWN.format(place=place, port=port, other=free_port(), token=TOKEN, arguments=arguments)
    text = blocks("python")[0].replace("/opt/course", str(environment)).replace("/srv/board", str(place / "board"))
    (place / "jupyterhub_config.py").write_text(text + own)
    path = os.pathsep.join([str(environment / "bin"), str(environment / "node_modules/.bin"), os.environ["PATH"]])
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "JUPYTER", "KUBE"))}
    with (
        (place / "hub.log").open("w") as log,
        subprocess.Popen(
            [environment / "bin/jupyterhub"], cwd=place, env={**variables, "PATH": path}, stdout=log, stderr=log
        ) as process,
    ):
        found = Hub(f"http://127.0.0.1:{port}/", place)
        try:
            deadline = time.monotonic() + 120
            while True:
                assert time.monotonic() < deadline and process.poll() is None, (place / "hub.log").read_text()[-3000:]
                try:
                    if found.ask("GET", "users")[0] == 200:
                        break
                except OSError:
                    time.sleep(0.3)
            yield found
        finally:
            for user in USERS:
                found.ask("DELETE", f"users/{user}/server")
            process.terminate()
            process.wait(30)


def processes_of(home: Path) -> list[str]:
    """What runs with this home, or belongs to the lab in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if str(home).encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
    return found


def test_two_users_have_a_lab_each_and_nothing_is_left_of_one_that_leaves(hub: Hub) -> None:
    ada, bo = map(hub.log_in, USERS)
    assert ada.get(token=bo.token) in (403, 404)
    with ada.kernel() as one, bo.kernel() as two:
        assert "Using the local cluster" in one.run("from helpers import lab, display; lab.start()")
        assert "Using the local cluster" in two.run("from helpers import lab, display; lab.start()")
        one.run("!kubectl create namespace mine")
        assert "mine" in one.run("!kubectl get namespaces") and "mine" not in two.run("!kubectl get namespaces")
        one.run("lab.deploy()")
        assert "Error" not in one.run("display.shop('/cart')")
    homes = [hub.place / "home" / user for user in USERS]
    for home in homes:
        assert (home / "hipster-shop" / "00-start-here.ipynb").exists()
        assert (home / "hipster-shop" / "policies" / "ingress").is_dir()
        layout = next((home / ".jupyter" / "lab" / "workspaces").iterdir()).read_text()
        assert f"/user/{home.name}/shop/" in layout and "notebook:00-start-here.ipynb" in layout
        assert processes_of(home)
    assert ada.get("shop/") == 200
    hub.ask("DELETE", "users/ada/server")
    deadline = time.monotonic() + 30
    while left := processes_of(homes[0]):
        assert time.monotonic() < deadline, left
        time.sleep(0.5)
    assert processes_of(homes[1])  # bo goes on
    again = hub.log_in("ada")
    with again.kernel() as one:
        one.run("from helpers import lab; lab.start()")
        assert "mine" in one.run("!kubectl get namespaces")


def test_a_terminal_talks_to_the_users_own_cluster(hub: Hub) -> None:
    """What a terminal inherits is what the server has."""
    bo = hub.log_in("bo")
    with bo.kernel() as two:
        said = two.run("import os; print(os.environ['KUBECONFIG'], os.environ['LAB_OWNER_PID'])")
    assert str(hub.place / "home" / "bo") in said
