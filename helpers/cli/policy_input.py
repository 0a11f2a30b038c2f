"""Where the objects come from: files, directories, standard input, or a cluster."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from helpers.lab.manifests import NoFile, read_path
from helpers.policies.reading.gathering import Problem
from helpers.policies.reading.kinds import KUSTOMIZATIONS
from helpers.policies.reading.texts import Reading, read
from helpers.policies.wording import clean_line

_KINDS = (
    "namespaces",
    "nodes",
    "pods",
    "services",
    "networkpolicies",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
    "cronjobs",
    "ingresses",
    "configmaps",
)


class BadInput(Exception):
    """The command can't be answered; the message is for the user, the exit status 2."""


def add_source(parser: argparse.ArgumentParser) -> None:
    """The options that say where objects come from."""
    parser.add_argument(
        "-f",
        "--filename",
        action="append",
        default=[],
        metavar="PATH",
        help="a file or directory of manifests (YAML or JSON), - for standard input; repeatable; "
        "without it the lab's cluster is read. A Helm chart: `helm template CHART | "
        f"{parser.prog} … -f -`",
    )
    parser.add_argument(
        "-k",
        "--kustomize",
        action="append",
        default=[],
        metavar="DIR",
        help="a directory with a kustomization, which is built as `kubectl apply -k` does; repeatable",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit status 2 when the input holds anything that is not read or not judged",
    )
    parser.add_argument("--context", default="", help="the kubeconfig context of another cluster to read")


def from_options(options: argparse.Namespace) -> Reading:
    """The objects that the options mean. Raises BadInput when there is nothing to read."""
    if options.filename or options.kustomize:
        return from_paths(options.filename, options.kustomize)
    return from_cluster(options.context)


def from_paths(paths: Sequence[str], kustomizations: Sequence[str] = ()) -> Reading:
    """Read files and directories, and what kustomize builds of further ones, in the given order. Raises BadInput."""
    result = Reading()
    try:
        for path in paths:
            read_path(path, result)
    except NoFile as error:
        raise BadInput(str(error)) from None
    for directory in kustomizations:
        read(kustomized(directory), f"kustomize {directory}", result)
    if not result.objects and result.problems:
        report(result.problems)
        raise BadInput("nothing could be read")
    if not result.objects:
        raise BadInput("there is no Kubernetes object in the input")
    return result


def kustomized(directory: str) -> str:
    """What kubectl's kustomize builds of a directory; raises BadInput with its words."""
    from helpers.lab.cluster.kubectl import run
    from helpers.lab.errors import KubectlError

    if not any(Path(directory, name).is_file() for name in KUSTOMIZATIONS):
        raise BadInput(
            f"{directory} holds no {KUSTOMIZATIONS[0]}, so there is nothing to build; read its files with -f"
        )
    try:
        return run(["kustomize", directory], timeout=120)
    except KubectlError as error:
        raise BadInput(f"kustomize can't build {directory}: {error}") from None


def from_cluster(context: str = "") -> Reading:
    """Everything of a cluster that policies are about; without a context the lab's own cluster. Raises BadInput."""
    kinds = list(_KINDS)
    while True:
        try:
            answer = cluster_command(["get", ",".join(kinds), "--all-namespaces", "-o", "json"], context)
            break
        except BadInput as error:
            missing = re.search(r'resource type "([a-z]+)"', str(error))
            if not missing or missing[1] not in kinds or len(kinds) == 1:
                advice = "" if "-f PATH" in str(error) else " (To read files instead, give them with -f.)"
                raise BadInput(f"{error}{advice}") from None
            kinds.remove(missing[1])
    result = read(answer, "the cluster")
    for item in result.objects:
        del item.place  # a cluster's object has no line in a file
    return result


def cluster_command(arguments: list[str], context: str) -> str:
    """What kubectl prints for a cluster; raises BadInput with its words."""
    from helpers.lab.cluster.kubectl import run
    from helpers.lab.errors import KubectlError

    try:
        return run([*arguments, *_cluster_options(context)], timeout=60)
    except KubectlError as error:
        raise BadInput(str(error)) from None


def _cluster_options(context: str) -> list[str]:
    """kubectl's options for this context; without one for the lab's own cluster, and never for another by chance."""
    from helpers.lab import home
    from helpers.lab.cluster import local

    name = context or os.environ.get("LAB_CONTEXT") or local.NAME
    if name != local.NAME:
        return ["--context", name]
    if not local.find().running:
        raise BadInput(
            f"No cluster runs in {_short(home.home())}. Start it: python -m helpers up; or read another one "
            "with --context NAME, or files with -f PATH."
        )
    return ["--kubeconfig", str(local.kubeconfig()), "--cache-dir", str(home.home() / "kubecache")]


def _short(path: Path) -> str:
    return f"~/{path.relative_to(Path.home())}" if path.is_relative_to(Path.home()) else str(path)


def report(problems: Iterable[Problem]) -> None:
    """Say on standard error what couldn't be read."""
    for problem in problems:
        print(f"python -m helpers: {clean_line(str(problem))}", file=sys.stderr)
