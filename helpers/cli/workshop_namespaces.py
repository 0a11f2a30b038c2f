"""`python -m helpers workshop namespaces`: a namespace, rights and a kubeconfig each, on a shared cluster."""

import argparse
import os
import sys
from pathlib import Path

from helpers.lab.cluster import chosen, kubeconfig, local
from helpers.lab.cluster.api import Cluster
from helpers.lab.errors import LabError
from helpers.workshop import names, namespaces

DAYS = 14


def main(argv: list[str]) -> int:
    """Make the seats, or take them away. Raises LabError; the status is 1 if one of them failed."""
    parser = _parser()
    options = parser.parse_args(argv)
    if not options.remove and not (options.names and options.to):
        parser.error("say whom it is for, and where their kubeconfig files go: --from names.txt --to DIR")
    if not 1 <= options.days <= 365:
        parser.error("--days: 1 to 365")
    wanted = names.read(options.names) if options.names else []
    cluster = _cluster(options.context)
    try:
        return _remove(cluster, wanted, options) if options.remove else _make(cluster, wanted, options)
    finally:
        cluster.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m helpers workshop namespaces",
        description="Make a namespace for each attendee on a cluster that all share, with those beside it that lessons "
        "need, the rights that the course takes, and a kubeconfig file. Run again, it completes what is missing and "
        "writes files with new tokens.",
    )
    parser.add_argument("--from", dest="names", type=Path, metavar="FILE", help="attendees' names, one a line")
    parser.add_argument("--to", type=Path, metavar="DIR", help="where the kubeconfig files go")
    parser.add_argument("--context", help="the cluster (default: LAB_CONTEXT, or your kubeconfig's current context)")
    parser.add_argument("--days", type=int, default=DAYS, help="how long the tokens are good (default %(default)s)")
    parser.add_argument("--remove", action="store_true", help="take it all away again, or what those in --from have")
    return parser


def _cluster(name: str | None) -> Cluster:
    name = name or os.environ.get("LAB_CONTEXT")
    if name == local.NAME:
        return Cluster(kubeconfig.load([local.kubeconfig()], name))
    return Cluster(chosen.of_user(name) if name else kubeconfig.load(kubeconfig.own()))


def _make(cluster: Cluster, wanted: list[str], options: argparse.Namespace) -> int:
    namespaces.check_free(cluster, wanted)
    folder = _folder(options.to)
    print(f"On the cluster {cluster.context.name!r} at {cluster.context.server}:")
    failed, no_quota = 0, ""
    for seat in wanted:
        try:
            made = namespaces.make(cluster, seat, folder / f"{seat}.yaml", days=options.days)
        except LabError as error:
            failed += 1
            print(f"{seat}: {error} What was made for {seat} just now was taken back.", file=sys.stderr)
            continue
        no_quota = made.no_quota
        until = f", good until {made.ends}" if made.ends else ""
        print(f"{seat}: {', '.join(names.namespaces_of(seat))}; {folder / seat}.yaml{until}")
    if no_quota:
        print(f"There are no quotas, and nothing bounds what one attendee takes: {no_quota.rstrip('.')}.")
    if cluster.context.loopback:
        print("The cluster's address is this machine's own: the files are of use here alone.")
    if failed < len(wanted):
        print(f"Each attendee: KUBECONFIG=NAME.yaml LAB_CONTEXT={namespaces.CONTEXT} make lab")
        print("To take it all away: python -m helpers workshop namespaces --remove")
    return 1 if failed else 0


def _folder(path: Path) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"The folder {path} cannot be made: {error.strerror}. Name another with --to.") from None
    return path


def _remove(cluster: Cluster, wanted: list[str], options: argparse.Namespace) -> int:
    there = namespaces.seats(cluster)
    gone = [seat for seat in wanted or there if seat in there]
    for seat in gone:
        namespaces.remove(cluster, seat)
        _remove_file(options.to, seat)
    print(f"Taken away: {', '.join(gone)}." if gone else "There is none of them on the cluster.")
    return 0


def _remove_file(folder: Path | None, seat: str) -> None:
    """Remove a seat's kubeconfig, if it is one of ours."""
    file = folder / f"{seat}.yaml" if folder else None
    if file and file.is_file() and file.read_text("utf-8", errors="replace").startswith(namespaces.HEADER):
        file.unlink()
