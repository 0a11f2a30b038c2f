"""Kubeconfig files are read as kubectl reads them."""

import base64
from pathlib import Path

import pytest

from helpers.lab.cluster import kubeconfig
from helpers.lab.errors import LabError

CONFIG = """
apiVersion: v1
kind: Config
current-context: one
clusters:
- name: c
  cluster: {server: "https://127.0.0.1:6443/", certificate-authority: ca.crt}
- name: empty
  cluster: {}
- name: wrong
  cluster: {server: "https://127.0.0.1:133839"}
users:
- name: u
  user: {token: secret}
- name: plugin
  user: {exec: {command: get-token}}
contexts:
- name: one
  context: {cluster: c, user: u, namespace: shop}
- name: two
  context: {cluster: c, user: plugin}
- name: no-url
  context: {cluster: wrong, user: u}
- name: nowhere
  context: {cluster: empty, user: u}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text(CONFIG)
    (tmp_path / "ca.crt").write_text("CERTIFICATE")
    return path


def test_the_current_context_is_taken(config: Path) -> None:
    found = kubeconfig.load([config])
    assert (found.name, found.server) == ("one", "https://127.0.0.1:6443")
    assert (found.namespace, found.token) == ("shop", "secret")
    assert found.plain and found.loopback


def test_a_relative_path_is_relative_to_its_file(config: Path) -> None:
    assert kubeconfig.load([config]).data("cluster", "certificate-authority") == b"CERTIFICATE"


def test_inline_data_is_decoded(tmp_path: Path) -> None:
    text = CONFIG.replace(
        "certificate-authority: ca.crt", f"certificate-authority-data: {base64.b64encode(b'inline').decode()}"
    )
    (tmp_path / "config").write_text(text)
    assert kubeconfig.load([tmp_path / "config"]).data("cluster", "certificate-authority") == b"inline"


def test_a_token_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(CONFIG.replace("{token: secret}", "{tokenFile: token}"))
    (tmp_path / "token").write_text("from a file\n")
    assert kubeconfig.load([tmp_path / "config"]).token == "from a file"


def test_a_plugin_needs_the_official_client(config: Path) -> None:
    found = kubeconfig.load([config], "two")
    assert not found.plain and found.namespace == "default"


def test_the_first_file_that_says_something_wins(config: Path, tmp_path: Path) -> None:
    chooser = tmp_path / "chooser"
    chooser.write_text("current-context: two\n")
    assert kubeconfig.load([chooser, config]).name == "two"
    assert kubeconfig.load([config, chooser]).name == "one"


def test_a_missing_file_is_no_error(config: Path, tmp_path: Path) -> None:
    assert kubeconfig.load([tmp_path / "none", config]).name == "one"


@pytest.mark.parametrize(
    ("name", "said"), [("on", "Did you mean 'one'"), ("nowhere", "names no server"), ("no-url", "is no URL")]
)
def test_a_wrong_context_is_said_with_the_next_step(config: Path, name: str, said: str) -> None:
    with pytest.raises(LabError, match=said):
        kubeconfig.load([config], name)


def test_no_context_at_all(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="No kubeconfig context is chosen"):
        kubeconfig.load([tmp_path / "none"])


def test_broken_yaml_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a: [")
    with pytest.raises(LabError, match="cannot be read"):
        kubeconfig.load([tmp_path / "config"])


def test_proxies_of_the_environment_count_for_far_servers_only(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    assert kubeconfig.load([config]).plain
    config.write_text(CONFIG.replace("127.0.0.1", "cluster.example"))
    assert not kubeconfig.load([config]).plain
