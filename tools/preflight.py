"""Can this machine run the course? Before anything is installed; nothing but Python's own library is needed.

    python3 preflight.py [--wheelhouse DIR] [-o json]

A line a look, `[ OK ]` or what to do; the last line, `READY …` or `NOT READY: …`, is the one to mail back.
This one file can be mailed alone. Exit status 0 if the machine is ready, 1 if it isn't.
"""

import argparse
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request

OLDEST, NEWEST = (3, 11), (3, 14)
DISK_MB = 1200  # the environment, with room for JupyterLab's own files
MEMORY_MB = 800  # cluster and shop, JupyterLab, a kernel
GLIBC = (2, 28)
REGISTRY = "https://pypi.org/simple/"

# What has wheels for all that the course needs.
MACHINES = {
    "linux": {"x86_64": "Linux, x86-64", "aarch64": "Linux, arm64", "arm64": "Linux, arm64"},
    "darwin": {"arm64": "macOS, Apple silicon", "x86_64": "macOS, Intel"},
}


class Looked:
    """What a look found: `fine`, `note` (the course runs without it) or `stop`, and what to do."""

    def __init__(self, state, name, found, todo=""):
        self.state, self.name, self.found, self.todo = state, name, found, todo

    def __str__(self):
        mark = {"fine": "[ OK ]", "note": "[NOTE]", "stop": "[ !! ]"}[self.state]
        return "%s %-10s %s%s" % (mark, self.name, self.found, "\n       -> " + self.todo if self.todo else "")


def python():
    found = "%s at %s" % (platform.python_version(), sys.executable)
    if sys.version_info[:2] < OLDEST:
        todo = "Install Python 3.11 to 3.13 (python.org/downloads, or the package manager), and run this with it."
        return Looked("stop", "Python", found, todo)
    if sys.version_info[:2] > NEWEST:
        return Looked("note", "Python", found, "Newer than what was tried. If the install fails, use Python 3.13.")
    if platform.python_implementation() != "CPython":
        return Looked("stop", "Python", found, "Use CPython, the Python of python.org.")
    return Looked("fine", "Python", found)


def virtual_environments():
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        todo = "Debian and Ubuntu: sudo apt install python3-venv. Fedora: sudo dnf install python3."
        return Looked("stop", "venv", "this Python can't make virtual environments", todo)
    return Looked("fine", "venv", "virtual environments can be made")


def make():
    found = shutil.which("make")
    if found:
        return Looked("fine", "make", found)
    todo = "Debian, Ubuntu, WSL: sudo apt install make. macOS: xcode-select --install."
    return Looked("stop", "make", "is missing", todo)


def machine():
    system, processor = sys.platform, platform.machine()
    if system.startswith("win") or system == "cygwin":
        todo = "Use WSL: run `wsl --install` in PowerShell, restart, and run this again in its Ubuntu."
        return Looked("stop", "machine", "Windows", todo)
    name = MACHINES.get(system, {}).get(processor)
    if name is None:
        todo = "There are no wheels for it. Use Binder, or a seat on a server."
        return Looked("stop", "machine", "%s on %s" % (system, processor), todo)
    if system == "linux":
        return _libc(name)
    if processor == "x86_64":
        return _intel_mac(name)
    return Looked("fine", "machine", "%s, macOS %s" % (name, platform.mac_ver()[0]))


def _libc(name):
    kind, version = platform.libc_ver()
    if kind != "glibc":
        todo = "Alpine and other musl systems lack wheels: use a Debian, Ubuntu or Fedora, in a container too."
        return Looked("stop", "machine", name + " without glibc", todo)
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < GLIBC:
        todo = "glibc 2.28 or newer is needed: Debian 10, Ubuntu 20.04, RHEL 8 or newer."
        return Looked("stop", "machine", "%s, glibc %s" % (name, version), todo)
    return Looked("fine", "machine", "%s, glibc %s" % (name, version))


def _intel_mac(name):
    if shutil.which("kubectl"):
        return Looked("fine", "machine", name + ", with a kubectl of its own")
    return Looked("stop", "machine", name + ", without kubectl", "brew install kubernetes-cli")


def disk():
    place = os.getcwd()
    free = shutil.disk_usage(place).free // 10**6
    if free < DISK_MB:
        return Looked("stop", "disk", "%d MB free in %s" % (free, place), "Free %d MB." % DISK_MB)
    return Looked("fine", "disk", "%d MB free in %s" % (free, place))


def memory():
    free = _free_memory()
    if free is None:
        return Looked("note", "memory", "could not be found out; the course needs %d MB" % MEMORY_MB)
    if free < MEMORY_MB:
        return Looked("stop", "memory", "%d MB free" % free, "Close large programs until %d MB are free." % MEMORY_MB)
    return Looked("fine", "memory", "%d MB free" % free)


def _free_memory():
    """In MB; None if the system doesn't say."""
    try:
        with open("/proc/meminfo", encoding="utf-8") as table:
            return next(int(line.split()[1]) // 1024 for line in table if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        pass
    try:
        pages = subprocess.run(["vm_stat"], stdout=subprocess.PIPE, timeout=10).stdout.decode()
        size = int(re.search(r"page size of (\d+)", pages).group(1))
        free = sum(int(n) for n in re.findall(r"Pages (?:free|inactive|speculative):\s+(\d+)", pages))
        return free * size // 2**20
    except (OSError, AttributeError, subprocess.SubprocessError):
        return None


def loopback():
    try:
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        socket.create_connection(server.getsockname(), timeout=3).close()
        server.close()
    except OSError as error:
        todo = "A firewall or sandbox forbids it. Allow local connections, or use another machine."
        return Looked("stop", "ports", "no connections on 127.0.0.1: %s" % error, todo)
    return Looked("fine", "ports", "connections on 127.0.0.1 work")


def home():
    place = os.path.expanduser("~")
    if os.access(place, os.W_OK):
        return Looked("fine", "home", place)
    return Looked("stop", "home", place + " can't be written", "Set HOME or LAB_HOME to a folder of yours.")


def packages(wheelhouse):
    """Where pip gets its packages from: a folder that was handed out, or the registry."""
    if wheelhouse:
        wheels = os.listdir(wheelhouse) if os.path.isdir(wheelhouse) else []
        if any(name.endswith(".whl") for name in wheels):
            return Looked("fine", "packages", "%d wheels in %s" % (len(wheels), wheelhouse))
        return Looked("stop", "packages", "no wheels in " + wheelhouse, "Name the folder that was handed out.")
    registry = os.environ.get("PIP_INDEX_URL") or _configured() or REGISTRY
    address = registry.rstrip("/") + "/jupyterlab/"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=15):
            return Looked("fine", "packages", registry + " can be reached")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        todo = "Join another network, set the proxy (https_proxy), or ask for a wheelhouse: --wheelhouse DIR."
        return Looked("stop", "packages", "%s can't be reached: %s" % (registry, reason), todo)


def _configured():
    """The registry that pip's own settings name, if any."""
    try:
        asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
        done = subprocess.run(asked, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def summary(looked):
    """The line to mail back."""
    wrong = ["%s: %s (%s)" % (look.name, look.found, look.todo) for look in looked if look.state == "stop"]
    if wrong:
        return "NOT READY: " + "; ".join(wrong)
    found = {look.name: look.found for look in looked}
    return "READY %s, Python %s, %s" % (found["machine"], platform.python_version(), found["memory"])


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Can this machine run the course? Nothing is installed.")
    parser.add_argument("--wheelhouse", metavar="DIR", help="a folder with the packages, instead of the registry")
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
    chosen = parser.parse_args(arguments)
    looked = [python(), virtual_environments(), make(), machine(), disk(), memory(), loopback(), home()]
    looked.append(packages(chosen.wheelhouse))
    ready = all(look.state != "stop" for look in looked)
    if chosen.output == "json":
        print(
            json.dumps({"ready": ready, "summary": summary(looked), "lines": [vars(look) for look in looked]}, indent=1)
        )
    else:
        for look in looked:
            print(look)
        print(summary(looked))
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main())
