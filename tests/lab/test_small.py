"""Errors, progress, rollouts, kubectl's advice, the proxy: what needs no cluster."""

import importlib.util
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.scripted import cluster

from helpers import lab
from helpers.cli import cluster as command
from helpers.lab import bar
from helpers.lab.cluster import environment, kubectl, session
from helpers.lab.cluster.enforcement import Enforcement
from helpers.lab.cluster.kubeconfig import Context
from helpers.lab.cluster.looking import Flows
from helpers.lab.errors import Interrupted, KubectlError, LabError, did_you_mean
from helpers.lab.home import read_json, write_json
from helpers.lab.shop import proxy, rollout, workloads
from helpers.localcluster.node import launch
from helpers.localcluster.node.status import Status


def test_every_exported_name_can_be_imported() -> None:
    assert all(getattr(lab, name) is not None for name in lab.__all__)
    assert set(lab.__all__) == set(lab._HOMES) and dir(lab) == lab.__all__
    with pytest.raises(AttributeError):
        _ = lab.nothing  # type: ignore[attr-defined]


def test_no_function_is_hidden_by_a_module_of_its_name() -> None:
    """`lab.probe` must stay a function whatever was imported before."""
    modules = {path.stem for path in Path(lab.__file__).parent.glob("*.py")}
    assert not modules & set(lab.__all__)


def test_importing_the_lab_is_quick() -> None:
    check = "import sys; import helpers.lab; print(len({'yaml', 'ssl', 'kubernetes', 'IPython'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


def test_ipython_shows_an_error_as_its_sentence() -> None:
    assert LabError("Do this.")._render_traceback_() == ["Do this."]


def test_near_misses() -> None:
    assert did_you_mean("frontnd", ["frontend", "x"]) == " Did you mean 'frontend'?"
    assert did_you_mean("zzz", ["frontend"]) == ""


def test_files_of_the_lab_are_private_and_survive_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    assert read_json("a.json") == {}
    write_json("a.json", {"x": 1})
    assert read_json("a.json") == {"x": 1}
    assert (tmp_path / "home" / "a.json").stat().st_mode & 0o777 == 0o600
    (tmp_path / "home" / "a.json").write_text("[broken")
    assert read_json("a.json") == {}


class TestBar:
    def test_it_says_how_it_ended(self, capsys: pytest.CaptureFixture[str]) -> None:
        with bar.Bar("Waiting", 3, unit="pods") as own:
            own.update(1, "for a")
        assert "Waiting: 3 of 3 pods" in capsys.readouterr().err

    def test_an_interrupt_becomes_a_sentence(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(Interrupted, match="Nothing was undone"), bar.Bar("Waiting", 3):
            raise KeyboardInterrupt
        assert "interrupted" in capsys.readouterr().err

    def test_other_errors_pass(self) -> None:
        with pytest.raises(ValueError), bar.Bar("Waiting", 1):
            raise ValueError

    def test_a_terminal_gets_one_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        monkeypatch.setattr(sys, "stderr", Terminal())
        with bar.Bar("Waiting", 2) as own:
            own.update(1)
        shown = sys.stderr.getvalue()  # type: ignore[attr-defined]
        assert shown.count("\n") == 1 and "[############............]" in shown

    def test_html_is_escaped_and_readable(self) -> None:
        own = bar.Bar("<b>", 2)
        own.note = "<i>"
        shown = bar._markup(own, "running")
        assert "<b>" not in shown and "<i>" not in shown and "<progress" in shown


def deployment(replicas: int = 1, generation: int = 2, **status: int) -> dict[str, Any]:
    counts = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    return {
        "metadata": {"name": "a", "generation": generation},
        "spec": {"replicas": replicas},
        "status": counts | status,
    }


@pytest.mark.parametrize(
    ("item", "done"),
    [
        (deployment(), True),
        (deployment(observedGeneration=1), False),
        (deployment(readyReplicas=0), False),
        (deployment(replicas=2), False),
        (deployment(replicas=1, updatedReplicas=0), False),
        (
            {"metadata": {"name": "a", "generation": 1}, "spec": {"replicas": 0}, "status": {"observedGeneration": 1}},
            True,
        ),
        ({"metadata": {"name": "a", "generation": 1}, "spec": {}}, False),
    ],
)
def test_when_a_rollout_is_over(item: dict[str, Any], done: bool) -> None:
    assert rollout.settled(item) is done


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ([{"kind": "ReplicaSet", "name": "redis-cart-abc12"}], "redis-cart"),
        ([{"kind": "Job", "name": "j"}], "j"),
        ([], "p"),
    ],
)
def test_the_workload_behind_a_pod(owner: list[dict[str, str]], name: str) -> None:
    assert workloads.workload_of({"metadata": {"name": "p", "ownerReferences": owner}}) == name


CANNOT = (
    'Error from server (BadRequest): error when creating "STDIN": NetworkPolicy in version "v1" cannot be '
    "handled as a NetworkPolicy: json: cannot unmarshal string into Go struct field "
)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ('Error from server (AlreadyExists): networkpolicies "x" already exists', "`!kubectl delete networkpolicy x`"),
        (
            'Error from server (AlreadyExists): error when creating "STDIN": networkpolicies.networking.k8s.io "x-y" '
            "already exists",
            "`!kubectl delete networkpolicy x-y`",
        ),
        ('Error from server (AlreadyExists): namespaces "blue" already exists', "`!kubectl delete namespaces blue`"),
        ("error: error parsing STDIN: error converting YAML to JSON: yaml: line 3", "at that line or next to it: look"),
        (
            'The NetworkPolicy "x" is invalid: spec.ingress[0].ports[0].port: Invalid value: "80": must contain at '
            "least one letter (a-z)",
            "Write the port as a number, without quotes.",
        ),
        (
            f"{CANNOT}NetworkPolicy.spec.podSelector.matchLabels of type map[string]string",
            "a colon and a space between them.",
        ),
        (f"{CANNOT}NetworkPolicySpec.policyTypes of type []string", "This field is a list"),
        ("error: no objects passed to apply", "The text holds no YAML."),
        ('The NetworkPolicy "x" is invalid', None),
    ],
)
def test_kubectls_words_and_the_next_step(said: str, advice: str | None) -> None:
    text = kubectl.explain(["create"], said)
    assert text.startswith(said) and (advice or "") in text and ("→" in text) is bool(advice)


@pytest.mark.parametrize(
    ("said", "policy"),
    [
        ('no matches for kind "NetworkPolcy" in version "networking.k8s.io/v1"', True),
        ('no matches for kind "NetworkPolicy" in version "v1"', True),
        ('no matches for kind "Networkpolicy" in version "networking.k8s.io/v1"', True),
        ('no matches for kind "Thing" in version "v1"', False),
        ('NetworkPolicy in version "v1" cannot be handled: strict decoding error: unknown field "x"', True),
        ('Job in version "v1" cannot be handled: strict decoding error: unknown field "x"', False),
        ("Error from server (NotFound): persistentvolumeclaims is not part of this lab's cluster; …", False),
    ],
)
def test_advice_on_policies_is_for_policies(said: str, policy: bool) -> None:
    assert ("networkpolicy" in kubectl.explain(["apply"], said).removeprefix(said).lower()) == policy


def test_in_a_cell_lines_are_counted_from_below_the_magic() -> None:
    said = "error: error parsing STDIN: error converting YAML to JSON: yaml: line 3"
    text = kubectl.explain(["create"], said, magic=True)
    assert "at that line or next to it, counted from below `%%kubectl`" in text


@pytest.mark.parametrize(
    ("arguments", "variable", "step"),
    [
        (["get"], "home/kubeconfig", "lab.start()"),
        (["get", "--kubeconfig", "home/kubeconfig"], "", "lab.start()"),
        (["get", "--context", "hipster-lab"], "home/kubeconfig", "lab.start()"),
        (["get", "--context=mine"], "home/kubeconfig", "current-context"),
        (["get"], "other", "current-context"),
        (["get", "--server=https://far"], "home/kubeconfig", "current-context"),
        (["get"], "", "current-context"),
    ],
)
def test_only_the_labs_own_cluster_is_to_be_started(
    arguments: list[str], variable: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / variable) if variable else "")
    given = [str(tmp_path / argument) if argument.startswith("home/") else argument for argument in arguments]
    text = kubectl.explain(given, "dial tcp 127.0.0.1:1: connect: connection refused")
    assert step in text and ("lab.start()" in text) is (step == "lab.start()")


def test_kubectl_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(KubectlError, match="Install kubectl"):
        kubectl.executable()


class TestEnvironment:
    def test_a_local_cluster(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("PATH", "KUBECONFIG", "KUBECACHEDIR"):
            monkeypatch.setenv(name, "/usr/bin")
        own = Context("hipster-lab", "https://127.0.0.1:1", "default", {}, {}, (tmp_path / "kubeconfig",))
        environment.install(own, "default", local=True)
        once = dict(os.environ)
        environment.install(own, "default", local=True)
        assert dict(os.environ) == once
        assert once["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
        assert once["KUBECONFIG"] == str(tmp_path / "kubeconfig")
        assert once["KUBECACHEDIR"] == str(tmp_path / "kubecache")

    def test_another_cluster_keeps_the_users_files_as_they_are(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        for name in ("PATH", "KUBECONFIG", "KUBECACHEDIR"):
            monkeypatch.setenv(name, "/usr/bin")
        monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
        own = Context('a "name"', "https://far:1", "default", {}, {}, (tmp_path / "config",))
        environment.install(own, "default", local=False)
        chooser, config = os.environ["KUBECONFIG"].split(os.pathsep)
        assert config == str(tmp_path / "config")
        assert yaml.safe_load(Path(chooser).read_text()) == {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": 'a "name"',
        }
        assert "KUBECACHEDIR" not in os.environ


class TestProxy:
    @pytest.fixture(autouse=True)
    def outside(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.delenv("JUPYTERHUB_SERVICE_PREFIX", raising=False)
        monkeypatch.delenv("JPY_PARENT_PID", raising=False)
        monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
        monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))

    def test_outside_of_jupyter(self) -> None:
        assert proxy.jupyter_url() is None and proxy.shop_path("/cart") is None

    @pytest.mark.parametrize("prefix", ["/user/ada/", "/user/ada", "user/ada/"])
    def test_on_a_hub(self, monkeypatch: pytest.MonkeyPatch, prefix: str) -> None:
        monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", prefix)
        assert proxy.shop_path("/cart") == "/user/ada/shop/cart"

    def test_the_running_server_is_found_by_its_pid(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "jpserver-77.json").write_text(json.dumps({"base_url": "/lab/x/", "hostname": "localhost"}))
        monkeypatch.setenv("JPY_PARENT_PID", "77")
        assert proxy.shop_path() == "/lab/x/shop/"

    @pytest.mark.parametrize("pid", ["78", "../77", ""])
    def test_a_server_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch, pid: str) -> None:
        monkeypatch.setenv("JPY_PARENT_PID", pid)
        assert proxy.jupyter_url() is None

    def test_the_entry_touches_nothing_before_the_cluster_starts(self, tmp_path: Path) -> None:
        entry = proxy.shop()
        assert importlib.util.find_spec(f"{entry['command'][3]}.__main__") and entry["absolute_url"] is False
        assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("ready", "said"),
    [(13, "13 of 13 pods Ready after 0.0 s.\n"), (12, "12 of 13 pods Ready after 0.0 s; the others are starting.\n")],
)
def test_up_says_that_pods_are_still_starting(
    ready: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = Status("", "", pods=[{"ready": number < ready} for number in range(13)])
    monkeypatch.setattr(launch, "up", lambda **options: found)
    assert command.main("up", ["--empty"]) == 0
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(("seconds", "when"), [(0.04, "denied it, at once."), (0.06, "denied it, 0.1 s later.")])
def test_how_soon_a_policy_took_hold(seconds: float, when: str) -> None:
    assert when in Enforcement(True, seconds, "x").sentence


def test_flows_print_as_a_table() -> None:
    pod = {"kind": "Pod", "namespace": "default", "name": "a-1", "address": "10.0.0.1", "labels": {}}
    flow = {
        "time": "2026-11-22T23:45:35.434Z",
        "source": {"kind": "External", "address": "1.2.3.4"},
        "target": pod,
        "port": 80,
        "protocol": "TCP",
        "verdict": "denied",
        "policies": ["default/x"],
        "attempts": 2,
    }
    assert repr(Flows([flow])).splitlines()[1].split() == [
        "23:45:35.434",
        "1.2.3.4",
        "a-1",
        "80/TCP",
        "denied",
        "×2",
        "default/x",
    ]
    assert "No connection" in repr(Flows())


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("", "the text is empty"),
        (" \n", "the text is empty"),
        (7, "takes YAML text, a file or a folder, or policies"),
        ([], "the list of policies is empty"),
        (["a.yaml"], "takes YAML text"),
        (None, "takes YAML text"),
        ("policies/ingress/99-x.yaml", r"99-x.yaml'\. Policies of the course"),
        (
            "policies/ingress/01-shipping-allow-chekout.yaml",
            "Did you mean 'policies/ingress/01-shipping-allow-checkout",
        ),
    ],
)
def test_what_cannot_be_applied(what: Any, said: str) -> None:
    session.use(cluster({}))
    try:
        with pytest.raises(LabError, match=said):
            lab.apply(what)
    finally:
        session.use(None)
