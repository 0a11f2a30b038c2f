"""Run Kubernetes' own end-to-end specs against a fresh cluster, and write how each went: `make conformance`.

    python tools/conformance.py [--only TEXT] [--kubeconfig FILE] [--to FILE]

The specs are in the Go module `tests/conformance`, which is built first (needs Go, and the Go module proxy the first
time). Without `--kubeconfig` a cluster is started in a temporary LAB_HOME, and is gone afterwards. Ends with status 1
if a NetworkPolicy spec failed, 2 if nothing could be run.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MODULE = ROOT / "tests" / "conformance"
BINARY = ROOT / "build" / "conformance"
PAGE = ROOT / "docs" / "conformance.md"
PATIENCE = 60  # seconds that one spec may take; its own limits are five minutes and more
AT_ONCE = 3
POLICY = re.compile(r"^(?!.*IPv6DualStack).*(Feature:NetworkPolicy\]|Feature:SCTPConnectivity\])")
# What else belongs to what the lab serves: heading, which specs.
FURTHER = (
    ("Services and endpoints", re.compile(r"^\[sig-network\] (Services|Endpoint\w*|Networking) .*\[Conformance\]")),
    ("DNS", re.compile(r"^\[sig-network\] DNS .*\[Conformance\]")),
    ("Ingress", re.compile(r"^\[sig-network\] Ingress.*\[Conformance\]")),
    ("Deployments, StatefulSets, DaemonSets, Jobs", re.compile(r"^\[sig-apps\] .*\[Conformance\]")),
    ("Pods", re.compile(r"^\[sig-node\] (Pods|Probing container|InitContainer|Variable Expansion|Ephemeral "
                        r"Containers) .*\[Conformance\]")),
    ("kubectl", re.compile(r"^\[sig-cli\] .*\[Conformance\]")),
)  # fmt: skip
TAGS = re.compile(r"\s*\[(sig-[a-z-]+|Conformance|NodeConformance|LinuxOnly|Feature:[A-Za-z]+)\]")
HEAD = """# Kubernetes' own specs on the lab's cluster

Written by `make conformance` on {date}: Kubernetes {version}'s end-to-end specs (`test/e2e`), each run on its own
against the lab's cluster, as Go clients speak: with objects in protobuf. A spec that takes longer than {patience}
seconds counts as failed.
"""


class Outcome(NamedTuple):
    """How one spec went."""

    name: str
    state: str
    seconds: float
    why: str

    @property
    def passed(self) -> bool:
        return self.state == "passed"


def build() -> None:
    """Build the specs. Raises SystemExit with a sentence."""
    if not shutil.which("go"):
        raise SystemExit("Kubernetes' specs are written in Go: install Go 1.26 or newer from https://go.dev/dl first.")
    print("Building Kubernetes' specs (the first time this takes some minutes)", flush=True)
    if subprocess.run(["go", "build", "-o", str(BINARY), "."], cwd=MODULE).returncode:
        raise SystemExit("The specs can't be built; what Go says above names the reason.")


def run(kubeconfig: Path, focus: str, *options: str) -> list[dict[str, object]]:
    """Run the specs that match, and return Ginkgo's reports of them."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [str(BINARY), f"--kubeconfig={kubeconfig}", "--provider=skeleton", f"--ginkgo.focus={focus}",
                   f"--ginkgo.json-report={report}", f"--kubectl-path={Path(sys.executable).with_name('kubectl')}",
                   *options]  # fmt: skip
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(command, cwd=folder, capture_output=True, timeout=PATIENCE)
        if not report.exists():
            return []
        specs = json.loads(report.read_text("utf-8"))[0]["SpecReports"] or []
        return [spec for spec in specs if spec["LeafNodeType"] == "It" and _has_begun(spec)]


def _has_begun(spec: dict[str, object]) -> bool:
    """Whether a spec was chosen; one that was may still find that this cluster isn't for it, and says why."""
    return spec["State"] not in ("skipped", "pending") or bool(spec.get("Failure"))


def name_of(spec: dict[str, object]) -> str:
    containers, leaf = spec["ContainerHierarchyTexts"], spec["LeafNodeText"]
    assert isinstance(containers, list | None)
    return " ".join([*(containers or ()), str(leaf)])


def known(kubeconfig: Path) -> list[str]:
    """The full names of all specs."""
    return sorted({name_of(spec) for spec in run(kubeconfig, ".", "--ginkgo.dry-run")})


def try_one(kubeconfig: Path, name: str) -> Outcome:
    start = time.monotonic()
    # Ginkgo puts the suite's name before the spec's.
    found = run(kubeconfig, re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", name) + "$")
    seconds = time.monotonic() - start
    if not found:
        outcome = Outcome(name, "failed", seconds, f"not over after {PATIENCE} seconds")
    else:
        failure = found[0].get("Failure") or {}
        assert isinstance(failure, dict)
        message = " ".join(str(failure.get("Message") or "").split())
        # Of a command that failed its name and what was asked of it, not where it lay on this machine.
        message = re.sub(r"\S+/(\w+)((?: --(?:server|kubeconfig)=\S+)+)", r"\1", message)[:160]
        outcome = Outcome(name, str(found[0]["State"]), float(str(found[0]["RunTime"])) / 1e9, message)
    print(f"{outcome.state:8} {outcome.seconds:6.1f} s  {name}", flush=True)
    return outcome


def try_all(kubeconfig: Path, names: Iterable[str]) -> list[Outcome]:
    """In their order; those that want the cluster for themselves one by one."""
    listed = [*names]
    shared = [name for name in listed if "[Serial]" not in name]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = {outcome.name: outcome for outcome in pool.map(lambda name: try_one(kubeconfig, name), shared)}
    for name in listed:
        if name not in outcomes:
            outcomes[name] = try_one(kubeconfig, name)
    return [outcomes[name] for name in listed]


def section(heading: str, outcomes: list[Outcome], seconds: float) -> str:
    passed = sum(outcome.passed for outcome in outcomes)
    skipped = sum(outcome.state == "skipped" for outcome in outcomes)
    rows = [f"| {short(outcome.name)} | {outcome.seconds:.1f} | {result(outcome)} |" for outcome in outcomes]
    left_out = f" ({skipped} more are for other clusters)" if skipped else ""
    head = f"\n## {heading}: {passed} of {len(outcomes) - skipped} passed, in {seconds:.0f} seconds{left_out}\n\n"
    return "\n".join([f"{head}| spec | seconds | |", "| --- | --- | --- |", *rows]) + "\n"


def short(name: str) -> str:
    return " ".join(TAGS.sub("", name).replace("|", r"\|").split())


def result(outcome: Outcome) -> str:
    if outcome.passed:
        return "passed"
    why = " ".join(outcome.why.split()).replace("|", r"\|").replace("<", "&lt;")
    return f"skipped: {why}" if outcome.state == "skipped" else f"**{outcome.state}** {why}".strip()


def parts(names: list[str]) -> Iterator[tuple[str, list[str]]]:
    yield "NetworkPolicy", [name for name in names if POLICY.search(name)]
    for heading, wanted in FURTHER:
        yield heading, [name for name in names if wanted.search(name) and not POLICY.search(name)]


@contextlib.contextmanager
def cluster() -> Iterator[Path]:
    """A fresh cluster of its own; its kubeconfig."""
    home = tempfile.mkdtemp(prefix="lab-conformance-")
    environment = {**os.environ, "LAB_HOME": home}
    command = [sys.executable, "-m", "helpers"]
    try:
        if subprocess.run([*command, "up", "--empty"], cwd=ROOT, env=environment).returncode:
            raise SystemExit(2)
        yield Path(home) / "kubeconfig"
    finally:
        subprocess.run([*command, "down"], cwd=ROOT, env=environment)
        shutil.rmtree(home, ignore_errors=True)


def version() -> str:
    found = re.search(r"k8s.io/kubernetes (v\S+)", (MODULE / "go.mod").read_text("utf-8"))
    return found[1] if found else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="only specs whose name contains this; no page is written then")
    parser.add_argument("--kubeconfig", type=Path, help="another cluster than a fresh one of the lab's")
    parser.add_argument("--to", type=Path, default=PAGE, help="the page")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build()
    with contextlib.nullcontext(options.kubeconfig) if options.kubeconfig else cluster() as kubeconfig:
        names = [name for name in known(kubeconfig) if options.only in name]
        text, failed = HEAD.format(date=time.strftime("%Y-%m-%d"), version=version(), patience=PATIENCE), 0
        for heading, chosen in parts(names):
            start = time.monotonic()
            outcomes = try_all(kubeconfig, chosen)
            text += section(heading, outcomes, time.monotonic() - start)
            if heading == "NetworkPolicy":
                failed = sum(outcome.state not in ("passed", "skipped") for outcome in outcomes)
            if not options.only:
                options.to.write_text(text, "utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
