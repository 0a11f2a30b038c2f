"""Run kubectl: the learner's own tool, and the lab's for applying files just as the learner would."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

from helpers.lab.cluster import local
from helpers.lab.errors import KubectlError
from helpers.plain_text import clean

if TYPE_CHECKING:
    from helpers.lab.cluster.api import Cluster

INSTALL = "Install kubectl (https://kubernetes.io/docs/tasks/tools/) and run the set-up cell again."


def executable() -> str:
    """kubectl next to this Python, else the one on the PATH. Raises KubectlError with how to get it."""
    beside = Path(sys.executable).parent / "kubectl"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("kubectl")
    if not found:
        raise KubectlError(f"kubectl is not on this machine. {INSTALL}", exit_code=127)
    return found


def context_options(cluster: "Cluster") -> list[str]:
    """kubectl's options that lead to this cluster, and to whatever namespace an object names, else the context's."""
    return cluster.context.options


def cluster_options(cluster: "Cluster") -> list[str]:
    """kubectl's options that lead to this cluster and the course's namespace, whatever the environment says."""
    return [*context_options(cluster), "--namespace", cluster.namespace]


def run(arguments: Sequence[str], body: str | None = None, *, timeout: float = 120) -> str:
    """Run kubectl quietly and return its output; `body` goes to its standard input, `timeout` is in seconds.

    Raises KubectlError with kubectl's own words.
    """
    command = [executable(), *arguments]
    try:
        done = subprocess.run(
            command,
            input=body or "",
            capture_output=True,
            timeout=timeout,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise KubectlError(
            f"kubectl {arguments[0]} did not end within {timeout:.0f} s. Is the cluster up? Try: kubectl get nodes"
        ) from None
    if done.returncode:
        raise KubectlError(explain(arguments, done.stderr or done.stdout), exit_code=done.returncode)
    return done.stdout


def stream(arguments: Sequence[str], body: str | None = None, *, out: TextIO | None = None) -> tuple[int, str]:
    """Run kubectl and pass its output on as it comes; returns its exit status and what it said on stderr.

    An interrupt ends kubectl too.
    """
    process = subprocess.Popen(
        [executable(), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="backslashreplace",
        start_new_session=True,
    )
    assert process.stdin and process.stdout and process.stderr
    said: list[str] = []
    listener = threading.Thread(target=_collect, args=(process.stderr, said), daemon=True)
    listener.start()
    with process:
        try:
            _feed(process.stdin, body)
            for line in process.stdout:
                print(clean(line), end="", file=out or sys.stdout, flush=True)
            process.wait()
        except BaseException:
            process.terminate()
            raise
        finally:
            listener.join(timeout=5)
    return process.returncode, "".join(said)


def _feed(pipe: IO[str], body: str | None) -> None:
    """Write the body and close; kubectl may have ended already."""
    try:
        pipe.write(body or "")
        pipe.close()
    except BrokenPipeError:
        pass


def _collect(pipe: IO[str], said: list[str]) -> None:
    said.extend(pipe)


def explain(arguments: Sequence[str], message: str, *, magic: bool = False) -> str:
    """kubectl's words and, where a learner often gets stuck, the next step; `magic` if `%%kubectl` ran it."""
    message = message.strip() or f"kubectl {' '.join(arguments[:2])} failed without a word."
    advice = _advice(arguments, message, magic)
    return f"{message}\n→ {advice}" if advice else message


def _advice(arguments: Sequence[str], message: str, magic: bool) -> str:
    if there := _THERE.search(message):
        return _already_there(there["resource"], there["name"])
    if twice := _TWICE.search(message):
        return _already_set(twice["key"])
    if any(mark in message for mark in ("error converting YAML to JSON", "error parsing")):
        counted = ", counted from below `%%kubectl`" if magic else ""
        return f"The YAML cannot be read at that line or next to it{counted}: look at the indentation and the colons."
    if "no objects passed to" in message:
        return f"The {'cell' if magic else 'text'} holds no YAML{' below its first line' if magic else ''}."
    if "connection refused" in message or "was refused" in message:
        return _nobody_there(arguments)
    return next((advice for mark, advice in _ADVICE if re.search(mark, message)), "")


def _already_there(resource: str, name: str) -> str:
    kind = f"{resource[:-3]}y" if resource.endswith("ies") else resource
    return (
        "It is there already. Use `apply -f -` instead of `create -f -` to change it, or take it away first: "
        f"`!kubectl delete {kind} {name}`"
    )


def _already_set(key: str) -> str:
    if key in ("apiVersion", "kind", "metadata", "spec"):
        return f"`{key}` stands twice in one object: between two policies there is a line of three dashes, `---`."
    return f"`{key}` stands twice in one place. Two callers are two items, each with a dash and a `podSelector`."


def _nobody_there(arguments: Sequence[str]) -> str:
    """Nothing answers where this call went: the lab can be started, another cluster cannot."""
    words = [word for argument in arguments for word in argument.split("=", 1)]
    elsewhere = {"--server", "-s"} & set(words) or ("--context" in words and local.NAME not in words)
    if not elsewhere and str(local.kubeconfig()) in (*os.environ.get("KUBECONFIG", "").split(os.pathsep), *words):
        return "The cluster does not run. Start it with lab.start()."
    return "Nothing answers at that address: which cluster is this? Try: kubectl config current-context"


_THERE = re.compile(r'\(AlreadyExists\).* (?P<resource>[a-z]+)[a-z0-9.-]* "(?P<name>[^"]+)" already exists')
_TWICE = re.compile(r'key "(?P<key>[^"]+)" already set in map')
_ADVICE = (
    ("must contain at least one letter", "Write the port as a number, without quotes."),
    (
        r"cannot unmarshal string into Go struct field \S+ of type \[\]",
        "This field is a list: begin each of its items with `- `, on a line of its own.",
    ),
    ("json: cannot unmarshal string into Go struct field", "`key: value` needs a colon and a space between them."),
    (
        r"NetworkPolicy in version .* strict decoding error",
        "A field is misspelt or stands at the wrong depth; `kubectl explain networkpolicy.spec` lists what there is.",
    ),
    (
        "strict decoding error",
        "A field is misspelt or stands at the wrong depth; `kubectl explain` with the kind's name lists what there is.",
    ),
    (
        r'no matches for kind "(?i:network\w*|\w*polic\w*)"',
        "Look at apiVersion and kind: a policy is `networking.k8s.io/v1`, `NetworkPolicy`.",
    ),
    (
        "no matches for kind",
        "The cluster does not know this kind: look at its apiVersion and kind; "
        "`kubectl api-resources` lists what there is.",
    ),
    (
        "no such host",
        "The server's name cannot be resolved: which context is this? Try: kubectl config current-context",
    ),
)
