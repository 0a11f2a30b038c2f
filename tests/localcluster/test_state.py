"""What a cluster keeps on disk, and how its processes are told from others."""

import os
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.localcluster.node import certificates as pki
from helpers.localcluster.node import kubeconfig, launch, processes
from helpers.localcluster.node.home import LONGEST_SOCKET_PATH, Home
from helpers.localcluster.node.private import MARKER, HomeError, write_private


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_home_is_named_by_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "x"))
    assert Home.of_environment().root == tmp_path / "x"
    monkeypatch.delenv("LAB_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert Home.of_environment().root == Path("/home/somebody/.hipster-lab")


def test_directories_are_private_even_where_they_were_not(tmp_path: Path) -> None:
    home = Home(tmp_path / "lab")
    home.root.mkdir(mode=0o755)
    home.prepare()
    assert {mode(path) for path in (home.root, home.pki, home.logs, home.run, home.pods)} == {0o700}


def test_sockets_of_a_long_home_lie_elsewhere(tmp_path: Path) -> None:
    home = Home(tmp_path / ("long-" * 20))
    home.prepare()
    assert len(os.fsencode(home.pods / "12345678" / "0af400078000")) < LONGEST_SOCKET_PATH
    assert home.root not in home.run.parents
    assert home.run != Home(tmp_path / ("else-" * 20)).run
    home.purge()
    assert not home.run.exists() and not home.root.exists()


def test_a_long_home_keeps_its_socket_directory_and_takes_another_if_its_name_is_taken(tmp_path: Path) -> None:
    home = Home(tmp_path / ("long-" * 20))
    home.prepare()
    first = home.run
    home.clear_sockets()
    assert not first.exists()
    home.prepare()
    assert home.run == first and mode(first) == 0o700
    home.clear_sockets()
    first.symlink_to(tmp_path)
    try:
        home.prepare()
        assert home.run != first and mode(home.run) == 0o700
    finally:
        first.unlink()
        home.purge()


@pytest.mark.parametrize("record", ["", "work", "/", "{}", "/etc"])
def test_a_damaged_record_leads_nowhere(tmp_path: Path, record: str) -> None:
    home = Home(tmp_path / ("long-" * 20))
    home.prepare()
    home.clear_sockets()
    (tmp_path / "work").mkdir()
    home.run_path.write_text(record.format(tmp_path / "work"))
    home.clear_sockets()
    home.prepare()
    assert home.run.name.startswith("lab-") and (tmp_path / "work").exists()
    home.purge()


def test_a_directory_of_which_names_can_be_moved_away_takes_no_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Path(tempfile.mkdtemp(prefix="lab-"))
    shared.chmod(0o777)
    monkeypatch.setenv("TMPDIR", str(shared))
    home = Home(tmp_path / ("long-" * 20))
    home.prepare()
    assert shared not in home.run.parents
    shared.chmod(0o700)
    home.clear_sockets()
    home.run_path.unlink()
    home.prepare()
    assert shared in home.run.parents
    home.purge()
    shared.rmdir()


def test_purge_removes_what_is_the_clusters_and_nothing_else(tmp_path: Path) -> None:
    """The marker stays with what is left, so that the next start takes the folder again."""
    home = Home(tmp_path)
    home.prepare()
    home.database.touch()
    (tmp_path / "homework.txt").write_text("mine")
    home.purge()
    assert sorted(path.name for path in tmp_path.iterdir()) == [MARKER, "homework.txt"]
    home.prepare()
    (tmp_path / "homework.txt").unlink()
    home.purge()
    assert list(tmp_path.iterdir()) == [], "the folder was there before"


def tree(root: Path) -> dict[str, tuple[int, bytes]]:
    """Every path below, with its mode and content."""
    return {
        str(path.relative_to(root)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in (root, *root.rglob("*"))
    }


@pytest.mark.parametrize(
    "kept",
    [
        "run/mine",
        "logs/mine",
        "pki/mine",
        "node.lock/mine",
        "state.db",
        "kubeconfig",
        "launch.lock",
        "kubecache/mine",
        ".hidden",
        "node.json",
        "pki/server.pem",
    ],
)
def test_a_folder_in_use_is_left_as_it_is(tmp_path: Path, kept: str) -> None:
    root = tmp_path / "work"
    (root / kept).parent.mkdir(parents=True)
    (root / kept).write_text("mine")
    root.chmod(0o755)
    before = tree(root)
    home = Home(root)
    for attempt in (
        home.prepare,
        home.check,
        lambda: home.write("cookies.json", "{}"),
        lambda: launch.up(empty=True, home=home),
        lambda: launch.down(home=home),
        lambda: launch.down(purge=True, home=home),
    ):
        with pytest.raises((HomeError, launch.LaunchError), match=r"not the lab's.*LAB_HOME"):
            attempt()
    assert tree(root) == before


def test_a_shared_folder_is_not_closed_to_others(tmp_path: Path) -> None:
    """Empty or not, whatever marker lies in it."""
    root = tmp_path / "shared"
    root.mkdir()
    root.chmod(0o1777)
    with pytest.raises(HomeError, match="many users share"):
        Home(root).prepare()
    (root / MARKER).touch()
    with pytest.raises(HomeError, match="many users share"):
        Home(root).prepare()
    assert mode(root) & 0o1777 == 0o777


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_marker_of_somebody_else_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / MARKER).touch()
    os.chown(tmp_path / MARKER, 65534, 65534)
    tmp_path.chmod(0o755)
    with pytest.raises(HomeError, match="not the lab's"):
        Home(tmp_path).prepare()
    assert mode(tmp_path) == 0o755


def test_a_home_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    for name in ("pki/server.pem", "launch.lock", "state.db"):
        (tmp_path / name).touch()
    home = Home(tmp_path)
    home.prepare()
    assert (tmp_path / MARKER).exists()
    home.purge()
    assert not tmp_path.exists()


@pytest.mark.parametrize("umask", [0, 0o002, 0o022, 0o077, 0o277, 0o777])
def test_missing_parents_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    usual = os.umask(umask)
    try:
        home = Home(tmp_path / "a" / "b" / "lab")
        home.prepare()
        home.write("cookies.json", "{}")
        with processes.Lock(home.launch_lock) as lock:
            assert lock.take()
    finally:
        os.umask(usual)
    made = [tmp_path / "a", tmp_path / "a" / "b", home.root, home.run, home.logs, home.pki]
    assert {mode(path) for path in made} == {0o700}
    assert {mode(home.root / name) for name in ("cookies.json", "launch.lock", MARKER)} == {0o600}


def test_a_link_to_a_folder_means_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "link"))
    home = Home.of_environment()
    home.prepare()
    assert home == Home(tmp_path / "real") and home.pki.is_dir()
    home.purge()
    assert (tmp_path / "link").is_dir()


def test_purge_removes_no_link_and_no_folder_of_ones_own(tmp_path: Path) -> None:
    home = Home(tmp_path / "lab")
    home.prepare()
    (tmp_path / "mine").write_text("mine")
    (home.root / "kubeconfig").symlink_to(tmp_path / "mine")
    (home.root / "node.lock").mkdir()
    home.purge()
    assert sorted(path.name for path in home.root.iterdir()) == [MARKER, "kubeconfig", "node.lock"]
    assert (tmp_path / "mine").read_text() == "mine"


def test_the_usual_folder_of_an_earlier_version_without_a_cluster(tmp_path: Path) -> None:
    """As somebody has it who learned on another cluster, or purged theirs."""
    for name, works in ((".hipster-lab", True), ("lab", False)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "progress.json").write_text("{}")
        home = Home(tmp_path / name)
        if works:
            home.prepare()
        else:
            with pytest.raises(HomeError, match="not the lab's"):
                home.prepare()


def test_a_temporary_directory_whose_name_is_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Path(tempfile.mkdtemp(prefix="lab-")) / os.fsdecode(b"\xff")
    place.mkdir(0o700)
    monkeypatch.setenv("TMPDIR", str(place))
    home = Home(tmp_path / ("long-" * 20))
    home.prepare()
    assert place in home.run.parents and Home(home.root).run == home.run
    home.purge()
    place.rmdir()
    place.parent.rmdir()


FILES = (
    "node.lock",
    "launch.lock",
    "state.db",
    "state.db-wal",
    "kubeconfig",
    "node.json",
    "node.log",
    "ports.json",
    "cookies.json",
)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """One below which the sockets find room, whatever the tests' own folder is called."""
    with tempfile.TemporaryDirectory(prefix="st-") as place:
        yield Path(place)


@pytest.mark.parametrize("name", [*FILES, "run", "logs", "pki", "kubecache"])
@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_a_name_that_is_taken_is_a_sentence(short_path: Path, name: str, kind: str) -> None:
    home = Home(short_path / "lab")
    home.prepare()
    home.purge()
    home.check()
    home.write("begun.json", "{}")
    (short_path / "target").mkdir()
    if kind == "folder":
        (home.root / name).mkdir()
        if name not in FILES:
            return  # that is what it should be
    elif kind == "link":
        (home.root / name).symlink_to(short_path / "target")
    else:
        os.mkfifo(home.root / name)
    with pytest.raises(HomeError, match=f"{name} is (in the way|not a directory)"):
        home.prepare()
        home.write(name, "{}")
    if name != "cookies.json":
        with pytest.raises(launch.LaunchError, match=name):
            launch.up(empty=True, home=home)
    assert not launch.status(home).running
    assert list((short_path / "target").iterdir()) == []


def test_a_home_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HomeError, match="LAB_HOME"):
        Home(tmp_path / "file").prepare()
    with pytest.raises(HomeError, match="LAB_HOME"):
        Home(tmp_path / "file" / "below").prepare()


def test_private_files_are_replaced_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert (path.read_text(), mode(path), list(tmp_path.iterdir())) == ("new", 0o600, [path])


def test_credentials_are_made_once_and_verify(tmp_path: Path) -> None:
    made = pki.ensure(tmp_path)
    assert pki.ensure(tmp_path) == made == pki.load(tmp_path)
    assert {mode(path) for path in tmp_path.iterdir()} == {0o600}
    assert "PRIVATE" not in made.authority
    server, client = made.server_context(), made.client_context()
    assert client.verify_mode is ssl.CERT_REQUIRED and client.check_hostname
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for end in (ours, theirs, ours, theirs):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert ours.getpeercert()["subject"] == ((("commonName", "hipster-lab-api"),),)  # type: ignore[index]


@pytest.mark.parametrize("damage", ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_damaged_credentials_are_made_anew(tmp_path: Path, damage: str) -> None:
    first = pki.ensure(tmp_path)
    first.bundle.write_text(damage)
    (tmp_path / "token").write_text(damage)
    second = pki.ensure(tmp_path)
    assert second.token != first.token and second.authority != first.authority
    assert pki.ensure(tmp_path) == second
    second.server_context()


def test_credentials_about_to_expire_are_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pki, "LIFETIME_DAYS", 29)
    first = pki.ensure(tmp_path)
    monkeypatch.undo()
    assert pki.ensure(tmp_path).authority != first.authority


def test_kubeconfig_keeps_what_a_learner_added(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    kubeconfig.write(path, "https://127.0.0.1:1", "PEM", "secret")
    assert mode(path) == 0o600
    path.write_text(path.read_text().replace("namespace: default", "namespace: other"))
    kubeconfig.write(path, "https://127.0.0.1:1", "PEM", "secret")
    assert "namespace: other" in path.read_text()
    kubeconfig.write(path, "https://127.0.0.1:2", "PEM", "secret")
    assert "https://127.0.0.1:2" in path.read_text() and "namespace: default" in path.read_text()


def test_a_lock_tells_who_holds_it_and_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert processes.holder(path) is None
    code = (
        "import sys; from pathlib import Path; from helpers.localcluster.node.processes import Lock\n"
        "lock = Lock(Path(sys.argv[1])); print(lock.take(), flush=True); input()"
    )
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdout.readline() == b"True\n"
        assert processes.holder(path) == other.pid
        assert not processes.Lock(path).take(0.05)
        other.kill()
    assert processes.holder(path) is None
    with processes.Lock(path) as lock:
        assert lock.take()


def test_processes_of_a_cluster_are_known_by_their_mark(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
    environments = [
        {processes.MARK: str(tmp_path)},
        {"LISTEN_DIR": f"{tmp_path}/pods/1"},
        {processes.MARK: f"{tmp_path}-other"},
        {"LAB_HOME": str(tmp_path)},
    ]
    started = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for environment in environments]
    try:
        for process in started:
            assert process.stdout
            process.stdout.readline()
        assert sorted(processes.of_cluster(tmp_path)) == sorted(process.pid for process in started[:2])
        processes.kill(processes.of_cluster(tmp_path))
        assert processes.of_cluster(tmp_path) == []
        assert [process.poll() for process in started[2:]] == [None, None]
    finally:
        for process in started:
            process.kill()
            process.communicate()
