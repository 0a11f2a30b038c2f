"""A JupyterLab of its own for a browser test: a fresh home, the course's settings, a copy of the notebooks."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_client import BlockingKernelClient

from support.course import NOTEBOOKS, ROOT

TOKEN = "browser-test"
PATIENCE = 60  # seconds until the server answers


@dataclass(frozen=True)
class Server:
    """A running Jupyter server; `folder` is its root, `base` its URL with a slash at the end.

    `runtime` is the folder where it writes about itself and its kernels.
    """

    base: str
    folder: Path
    runtime: Path

    def url(self, path: str) -> str:
        """The address of a page, such as `lab/tree/03-the-first-policy.ipynb`, token included."""
        return f"{self.base}{path}{'&' if '?' in path else '?'}token={TOKEN}"


@contextmanager
def jupyter(
    environment: Mapping[str, str], place: Path, *options: str, application: str = "jupyterlab", base_url: str = "/"
) -> Iterator[Server]:
    """Run JupyterLab (or `notebook`) on copies of the notebooks below `place`; everything it writes stays there.

    `environment` is that of a cluster. A `base_url` as on a hub finds hard-coded paths.
    """
    notebooks = copy_of_the_course(place)
    runtime = Path(tempfile.mkdtemp(prefix="jr-"))  # short: the kernels' sockets lie in it
    variables = own_environment(environment, place) | {"JUPYTER_RUNTIME_DIR": str(runtime)}
    log = (place / "jupyter.log").open("w")
    command = [
        sys.executable,
        "-m",
        application,
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.base_url={base_url}",
        f"--ServerApp.root_dir={notebooks}",
        *(["--allow-root"] if os.geteuid() == 0 else []),
        *options,
    ]
    with log, subprocess.Popen(command, env=variables, stdout=log, stderr=log, cwd=place) as process:
        try:
            yield Server(address(runtime, process, place / "jupyter.log"), notebooks, runtime)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
            shutil.rmtree(runtime, ignore_errors=True)


def copy_of_the_course(place: Path) -> Path:
    """The notebooks to write to, with `../helpers` beside them as in the checkout."""
    shutil.copytree(NOTEBOOKS, place / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    (place / "helpers").symlink_to(ROOT / "helpers")
    return place / "notebooks"


def own_environment(environment: Mapping[str, str], place: Path) -> dict[str, str]:
    """No setting, workspace or kernel of this user gets in; the course's settings do."""
    dropped = ("KUBECONFIG", "KUBECACHEDIR", "LAB_CONTEXT", "JUPYTER_PATH", "JPY_PARENT_PID")
    kept = {name: value for name, value in environment.items() if name not in dropped}
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    settings = ROOT / "helpers" / "jupyter" / "etc"
    (place / "config" / "labconfig").mkdir(parents=True)
    for name in ("jupyter_lab_config.json", "jupyter_server_config.py"):
        shutil.copy(settings / name, place / "config")
    shutil.copy(settings / "page_config.json", place / "config" / "labconfig")
    for plugin, values in json.loads((settings / "hipster-shop.json").read_text()).items():
        name, _, part = plugin.partition(":")
        file = place / "settings" / name / f"{part}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    return kept | {name: str(place / folder) for name, folder in folders.items()} | {"JUPYTER_PREFER_ENV_PATH": "1"}


def address(runtime: Path, process: subprocess.Popen[bytes], log: Path, records: str = "jpserver-*.json") -> str:
    """The URL in the record of the only server with this runtime folder, once it has written one and listens."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        for record in runtime.glob(records):
            text = record.read_text()
            if text:
                return str(json.loads(text)["url"])
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


@contextmanager
def connected(connection_file: Path) -> Iterator[BlockingKernelClient]:
    """A client of a kernel that answers. The client itself takes one heartbeat that is late for the kernel's death."""
    client = BlockingKernelClient(connection_file=str(connection_file))
    client.load_connection_file()
    client.start_channels()
    deadline = time.monotonic() + PATIENCE
    try:
        while True:
            try:
                client.wait_for_ready(timeout=PATIENCE)
                break
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
        yield client
    finally:
        client.stop_channels()
