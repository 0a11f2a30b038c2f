"""`make tour` in the middle: an interrupt ends it at once, and nothing of it is left."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from support.cluster import processes_of
from support.course import ROOT


def test_an_interrupt_leaves_nothing_behind() -> None:
    place = Path(tempfile.mkdtemp(prefix="to-"))
    command = [
        sys.executable,
        "tools/tour.py",
        "--to",
        str(place / "html"),
        "notebooks/02-labels-and-ports.ipynb",
        "notebooks/03-the-first-policy.ipynb",
    ]
    try:
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(place)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            assert process.stdout
            assert "02-labels-and-ports" in process.stdout.readline()
            assert list(processes_of(place))
            os.killpg(process.pid, signal.SIGINT)  # as Control-C does, to all of them
            said, _ = process.communicate(timeout=60)
        assert process.returncode == 130 and "Traceback" not in said, said
        assert "Interrupted" in said
        assert not list(processes_of(place))
        assert [path.name for path in place.iterdir()] == ["html"]
    finally:
        shutil.rmtree(place)
