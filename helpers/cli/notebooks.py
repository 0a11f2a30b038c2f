"""`python -m helpers lab` and `notebooks`."""

import argparse
import sys
from pathlib import Path

from helpers.lab.cluster import local, session
from helpers.lab.course import starting
from helpers.lab.errors import LabError
from helpers.lab.home import notebooks, repository
from helpers.localcluster.node import launch

FOLDER = "hipster-shop-notebooks"


def main(name: str, arguments: list[str]) -> int:
    """Run one of the two commands; returns the exit status."""
    command = {"lab": _lab, "notebooks": _notebooks}[name]
    try:
        return command(arguments)
    except (launch.LaunchError, LabError) as error:
        print(f"python -m helpers {name}: {error}", file=sys.stderr)
        return 1


def _lab(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m helpers lab",
        description="Start the cluster and open JupyterLab at the first notebook. Control-C ends JupyterLab; the "
        "cluster goes on until `down`. With LAB_CONTEXT set to a context of yours, that cluster is used instead.",
        epilog="Further options are JupyterLab's own, --no-browser for example.",
    )
    parser.add_argument(
        "--notebooks",
        type=Path,
        metavar="DIR",
        help=f"where the notebooks are, or are laid out (default: the checkout's, else ./{FOLDER})",
    )
    chosen, options = parser.parse_known_args(arguments)
    folder = (chosen.notebooks or _usual_folder()).absolute()
    if folder != notebooks() and (status := _laid_out(folder, replace=False)):
        return status
    if local.chosen():
        found = launch.up(empty=True)
        print(f"The cluster is up: export KUBECONFIG={found.kubeconfig}")
        after = "the cluster goes on until: python -m helpers down"
    else:
        print(starting.sentence(session.current()))
        after = "nothing in the cluster is changed by that"
    print(f"Opening JupyterLab. Control-C ends it; {after}", flush=True)
    from helpers.jupyter.opening import open_lab

    return open_lab(folder, options)


def _usual_folder() -> Path:
    checkout = repository() / "notebooks"
    return checkout if checkout.is_dir() else Path(FOLDER)


def _notebooks(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m helpers notebooks",
        description="Lay the course's notebooks and policies out in a folder. Files there that differ are kept.",
    )
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--replace", action="store_true", help="write over files there that differ")
    chosen = parser.parse_args(arguments)
    return _laid_out(chosen.folder, replace=chosen.replace)


def _laid_out(folder: Path, *, replace: bool) -> int:
    from helpers.jupyter.laying_out import lay_out

    if folder.exists() and not folder.is_dir():
        print(f"{folder} is not a folder: name another one.", file=sys.stderr)
        return 2
    done = lay_out(notebooks(), folder, replace=replace)
    print(f"{folder}: {len(done.written)} files written" + (f", {len(done.kept)} kept" if done.kept else "") + ".")
    if done.kept:
        print(f"Kept as they were: {', '.join(done.kept)}. --replace writes over them.")
    return 0
