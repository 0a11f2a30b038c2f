"""A state file that is damaged, or can't be opened: what is said, what is advised, and what is never shown."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.cluster import Cluster
from support.writer import Api

from helpers.localcluster.api.errors import StoreError
from helpers.localcluster.api.storage.journal import unusable
from helpers.localcluster.api.storage.store import Store

SECRET = "of-an-object-77d1"
EMPTY = "move it away to start with an empty cluster"
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A state file with one object."""
    file = tmp_path / "state.db"
    store = Store.open(file)
    store.create(
        "secrets",
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "safe", "namespace": "default"},
            "data": {"password": SECRET},
        },
    )
    store.close()
    return file


def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        Store.open(path).close()
    return str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        f'\'{{"x": "{SECRET}\'',
        f"cast(x'ff' || '{SECRET}' as text)",
        f"x'ff'||'{SECRET}'",
        f"'[\"{SECRET}\"]'",
        f'\'{{"metadata": {{"name": "{SECRET}"}}}}\'',
        '\'{"metadata": {"name": "safe", "x": 1}}\'',
        f"'\"{SECRET}\"'",
        f'\'{{"metadata": "{SECRET}"}}\'',
        f"'{'[' * 100_000}{SECRET}'",
        "''",
        "7",
        "'null'",
        f"cast('{SECRET}' as blob)",
    ],
)
def test_a_damaged_object_is_named_and_not_shown(path: Path, body: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute(f"update objects set body = {body} where name = 'safe'")
    database.close()
    said = refusal(path)
    assert "secrets/default/safe cannot be read" in said and EMPTY in said and str(path) in said
    assert SECRET not in said and len(said) < 400


def test_a_damaged_name_does_not_steer_the_terminal(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("insert into objects values ('pods', '', cast(x'1b5d303bff0a' as text), 'x')")
    database.close()
    assert "\\u001b]0;" in refusal(path) and "\x1b" not in refusal(path)


def test_a_damaged_counter(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("update counters set value = 'many'")
    database.close()
    assert "counter" in refusal(path) and EMPTY in refusal(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"no database at all" * 500,
        lambda raw: raw[:100] + b"\xff" * 4000 + raw[4100:],
        lambda raw: raw[:5000],
        lambda raw: b"\xff" * 64 + raw[64:],
    ],
)
def test_a_damaged_file_may_be_moved_away(path: Path, damage: Callable[[bytes], bytes]) -> None:
    path.write_bytes(damage(path.read_bytes()))
    said = refusal(path)
    assert EMPTY in said and SECRET not in said
    path.rename(path.with_suffix(".old"))
    Store.open(path).close()


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("pragma user_version = 99")
    database.close()
    assert "newer version" in refusal(path) and EMPTY not in refusal(path)
    with sqlite3.connect(path) as database:
        assert database.execute("pragma user_version").fetchone() == (99,)
    database.close()


def test_a_file_with_other_tables_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "state.db") as database:
        database.execute("create table objects (mine text)")
    database.close()
    assert EMPTY not in refusal(tmp_path / "state.db")


@pytest.mark.parametrize("name", [name for name in dir(sqlite3) if name.startswith("SQLITE_")])
def test_only_damage_is_a_reason_to_start_afresh(name: str) -> None:
    error = sqlite3.OperationalError("why")
    error.sqlite_errorcode = code = getattr(sqlite3, name)
    said = str(unusable(Path("/x/state.db"), error))
    assert (EMPTY in said) == (code & 0xFF in DAMAGED)
    assert "why" in said and len(said.split(";")) + len(said.split(":")) > 2, "and advises something else"


@pytest.mark.parametrize("number", [1, 2, 5, 13, 21, 24, 27, 28, 30, 122])
def test_what_cannot_be_opened_is_not_moved_away(number: int) -> None:
    said = str(unusable(Path("/x/state.db"), OSError(number, os.strerror(number))))
    assert EMPTY not in said and os.strerror(number) in said


@pytest.fixture
def own() -> Iterator[Cluster]:
    home = Path(tempfile.mkdtemp(prefix="lab-state-"))
    made = Cluster(home / "lab")
    made.up("--empty")
    Api(made.home / "kubeconfig").request(
        "POST",
        "/api/v1/namespaces/default/configmaps",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept"}, "data": {"text": SECRET}},
    )
    made.down()
    yield made
    made.run("down")
    shutil.rmtree(home)


def assert_told(own: Cluster, *expected: str) -> None:
    done = own.run("up", "--empty")
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert all(text in done.stderr for text in expected), done.stderr
    assert SECRET not in done.stdout + done.stderr + (own.home / "node.log").read_text()
    assert not own.processes()


def test_a_damaged_object_as_up_tells_it(own: Cluster) -> None:
    with sqlite3.connect(own.home / "state.db") as database:
        database.execute("update objects set body = substr(body, 1, length(body) - 9) where name = 'kept'")
    database.close()
    assert_told(own, "configmaps/default/kept cannot be read", EMPTY)


def test_an_immutable_file(own: Cluster) -> None:
    """Not even root may write it; the advice is not to lose what it holds."""
    if (
        not shutil.which("chattr")
        or subprocess.run(["chattr", "+i", own.home / "state.db"], capture_output=True).returncode
    ):
        pytest.skip("this user can't make a file immutable here")
    try:
        assert_told(own, "state.db cannot be opened", "attributes")
        assert EMPTY not in own.run("up", "--empty").stderr
    finally:
        subprocess.run(["chattr", "-i", own.home / "state.db"], check=True)
    own.up("--empty")
    assert "kept" in own.kubectl("get", "configmap", "-o", "name")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", ["state.db", "node.log", "launch.lock"])
def test_a_file_of_somebody_else(own: Cluster, name: str) -> None:
    os.chown(own.home / name, 65534, 65534)
    assert_told(own, f"{name} belongs to another user", "chown")
    os.chown(own.home / name, 0, 0)
    own.up("--empty")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written(own: Cluster) -> None:
    (own.home / "state.db").chmod(0o400)
    own.home.chmod(0o500)
    assert_told(own, "LAB_HOME")
    own.home.chmod(0o700)


def test_a_limit_on_the_size_of_files(own: Cluster) -> None:
    """As `ulimit -f` sets it."""
    command = f"ulimit -f 8; exec {sys.executable} -m helpers up --empty"
    done = subprocess.run(["bash", "-c", command], env=own.environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    assert EMPTY not in done.stderr
    assert "size of files" in done.stderr or "disk" in done.stderr, done.stderr
    own.up("--empty")
    assert "kept" in own.kubectl("get", "configmap", "-o", "name")
