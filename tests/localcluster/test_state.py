"""What a cluster keeps on disk, and how its processes are told from others."""

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.localcluster import kubeconfig, pki, processes
from helpers.localcluster.home import LONGEST_SOCKET_PATH, Home, HomeError, write_private


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


def test_a_planted_socket_directory_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / ("long-" * 20))
    home.run.symlink_to(tmp_path)
    try:
        with pytest.raises(HomeError, match="not a directory"):
            home.prepare()
    finally:
        home.run.unlink()


def test_purge_removes_what_is_the_clusters_and_nothing_else(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    home.database.touch()
    (tmp_path / "homework.txt").write_text("mine")
    home.purge()
    assert [path.name for path in tmp_path.iterdir()] == ["homework.txt"]


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
    code = ("import sys; from pathlib import Path; from helpers.localcluster.processes import Lock\n"
            "lock = Lock(Path(sys.argv[1])); print(lock.take(), flush=True); input()")
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
    environments = [{processes.MARK: str(tmp_path)}, {"LISTEN_DIR": f"{tmp_path}/pods/1"},
                    {processes.MARK: f"{tmp_path}-other"}, {"LAB_HOME": str(tmp_path)}]
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
