"""The matrix, the flow log, picking by labels, and comparing."""

from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from support.course import shop
from support.shop_world import app, policies, policy

from helpers import display
from helpers.display import explaining, flowtable, tables
from helpers.display.picking import pick
from helpers.display.selectors import read_selector
from helpers.lab.cluster import looking
from helpers.lab.course import changes
from helpers.lab.errors import LabError
from helpers.policies.model.addresses import OUTSIDE


def test_every_exported_name_can_be_imported() -> None:
    assert set(display.__all__) == set(display._HOMES)
    for name in ("architecture", "compare", "explain", "flows", "graph", "labels", "matrix", "shop"):
        assert callable(getattr(display, name))


class TestMatrix:
    def test_without_policies_nothing_is_denied_between_pods(self) -> None:
        found = tables.matrix(objects=shop())
        assert (found.count("needed"), found.count("blocked"), found.exact) == (17, 0, False)
        assert found.cells["default/frontend[Deployment]", "default/shippingservice[Deployment]"].state == "needed"

    def test_one_policy_changes_one_column(self) -> None:
        before, after = (tables.matrix(objects=[*shop(), *policies(count)]) for count in (0, 1))
        changed = {key[1] for key in before.cells if before.cells[key].state != after.cells[key].state}
        assert changed == {"default/shippingservice[Deployment]"}
        assert after.cells["default/frontend[Deployment]", "default/shippingservice[Deployment]"].state == "blocked"

    def test_the_complete_collection_is_exact(self) -> None:
        found = tables.matrix(objects=[*shop(), *policies(17)])
        assert found.exact and found.count("needed") == 17

    def test_a_pod_without_ports_has_a_row_and_no_column(self) -> None:
        found = tables.matrix(objects=shop())
        caller = "default/loadgenerator[Deployment]"
        assert caller in found.rows and caller not in found.columns
        assert found.rows[0] == OUTSIDE

    def test_a_cell_says_why(self) -> None:
        pair = "default/frontend[Deployment]", "default/shippingservice[Deployment]"
        cell = tables.matrix(objects=[*shop(), *policies(1)]).cells[pair]
        assert cell.words == "needed, but blocked; port 50051: denied by default/shipping-allow-checkout"

    def test_text_and_html(self) -> None:
        found = tables.matrix(objects=[*shop(), *policies(1)])
        assert "✗" in repr(found) and "11 shippingservice" in repr(found)
        assert 'class="blocked" title="frontend → shippingservice: needed, but blocked' in found._repr_html_()

    def test_nothing_to_compare(self) -> None:
        found = tables.matrix(objects=[])
        assert "lab.deploy()" in found._repr_html_() and not found.exact


def flow(**changes: Any) -> dict[str, Any]:
    pod = {
        "kind": "Pod",
        "namespace": "default",
        "name": "frontend-1-a",
        "address": "10.0.0.1",
        "labels": {"app": "frontend"},
    }
    return {
        "time": "2026-11-22T23:45:35.434Z",
        "source": pod,
        "target": {**pod, "name": "<b>", "service": "default/x"},
        "port": 80,
        "protocol": "TCP",
        "verdict": "denied",
        "policies": ["default/p"],
        "attempts": 3,
        "reason": "because",
    } | changes


def test_flows_are_escaped_and_say_who_decided() -> None:
    shown = flowtable.FlowTable([flow(), flow(policies=[], verdict="allowed", attempts=1)])._repr_html_()
    assert "<b>" not in shown and "&lt;b&gt;" in shown and "no policy" in shown and "✗ denied ×3" in shown


class Log:
    """A cluster with a flow log."""

    found: ClassVar[list[dict[str, Any]]] = []

    def list(self, _: str) -> list[dict[str, Any]]:
        return self.found


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The flows that the cluster logged, oldest first; the last reset was never."""
    monkeypatch.setattr(looking.session, "current", Log)
    monkeypatch.setattr(changes, "begun", lambda: 0.0)
    monkeypatch.setattr(Log, "found", [])
    return Log.found


def test_flows_are_picked_by_pod_or_workload(log: list[dict[str, Any]]) -> None:
    log += [flow(), flow(verdict="allowed")]
    assert len(flowtable.flows(source="frontend")) == 2 == len(flowtable.flows("frontend-1-a"))
    assert len(flowtable.flows(verdict="denied")) == 1
    assert len(flowtable.flows(source="adservice")) == 0


def test_repeats_are_one_row_with_the_newest_time(log: list[dict[str, Any]]) -> None:
    log += [flow(time=f"2026-11-22T23:45:{second:02}.000Z", attempts=2) for second in range(40)]
    (row,) = flowtable.flows()
    assert row["attempts"] == 80 and row["time"].startswith("2026-11-22T23:45:39")


def test_of_each_verdict_the_last_stays_however_old_it_is(log: list[dict[str, Any]]) -> None:
    log += [flow(time="2026-11-20T10:00:00.000Z", port=1), flow(time="2026-11-20T11:00:00.000Z", port=2)]
    log += [flow(verdict="allowed", port=port, time=f"2026-11-22T10:00:{port:02}.000Z") for port in range(3, 43)]
    rows = flowtable.flows(last=30)
    assert [row["port"] for row in rows] == [2, *range(13, 43)]


def test_rows_begin_with_the_last_reset(log: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "begun", lambda: datetime(2026, 11, 22, tzinfo=UTC).timestamp())
    log += [flow(time="2026-11-21T10:00:00.000Z", port=1), flow(time="2026-11-21T11:00:00.000Z", verdict="allowed")]
    log += [flow(time="2026-11-22T10:00:00.000Z", port=3)]
    shown = flowtable.flows()
    assert [(row["verdict"], row["port"]) for row in shown] == [("allowed", 80), ("denied", 3)]
    html = shown._repr_html_()
    assert "since the last reset" in html and html.count("before the reset") == 1


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("app=web", {"matchLabels": {"app": "web"}}),
        ("app==web", {"matchLabels": {"app": "web"}}),
        ("app: web", {"matchLabels": {"app": "web"}}),
        ("", {}),
        ("  ", {}),
        ("app=", {"matchLabels": {"app": ""}}),
        ("app=a, tier=b", {"matchLabels": {"app": "a", "tier": "b"}}),
        ("app in (a, b)", {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}),
        ("app notin (a)", {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}),
        ("app!=a", {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}),
        ("app", {"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
        ("!app", {"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}),
        (
            "app=a,app=b",
            {"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "app", "operator": "In", "values": ["b"]}]},
        ),
    ],
)
def test_selectors_as_they_are_typed(text: str, selector: dict[str, Any]) -> None:
    assert read_selector(text) == selector


@pytest.mark.parametrize("text", ["app=a b", "=a", "app in a", "app in (a b)", "-x=1", "app=ä"])
def test_what_is_no_selector(text: str) -> None:
    with pytest.raises(LabError):
        read_selector(text)


def test_picking() -> None:
    found = pick("app in (frontend, cartservice)", objects=shop())
    assert len(found.chosen) == 2 and "2 of 12 pods: cartservice, frontend" in found.sentence
    assert "- key: app" in found.yaml and 'data-chosen="2"' in found._repr_html_()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "every pod: all 12"),
        ("app=Frontend", "picks no pod"),
        ("app = = x", "is no selector"),
    ],
)
def test_picking_nothing_or_all(text: str, said: str) -> None:
    assert said in pick(text, objects=shop()).sentence


def test_picked_yaml_quotes_what_yaml_would_misread() -> None:
    assert pick("a=true,b=1,c=x", objects=[]).yaml.splitlines()[2:] == ['    a: "true"', '    b: "1"', "    c: x"]


class TestCompare:
    @pytest.fixture(autouse=True)
    def live(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(looking, "objects", lambda: [*shop(), *policies(2)])

    def test_one_policy_may_mean_the_same_as_two(self) -> None:
        one = policy(
            "both",
            {
                **app("shippingservice"),
                "ingress": [{"from": [app("checkoutservice"), app("frontend")], "ports": [{"port": 50051}]}],
            },
        )
        assert explaining.compare([one]).same

    def test_what_would_break_is_said(self) -> None:
        found = explaining.compare([policy("none", app("shippingservice"))])
        assert found.lines() == [
            "✗ checkoutservice → shippingservice TCP 50051: would be denied (needed)",
            "✗ frontend → shippingservice TCP 50051: would be denied (needed)",
        ]
        assert found.sentence.endswith(": 2 calls become denied (all of them needed).")

    def test_besides(self) -> None:
        assert explaining.compare([policy("none", app("shippingservice"))], besides=True).same

    def test_many_changes_are_grouped_by_where_they_lead(self) -> None:
        found = explaining.compare([])
        (line,) = found.lines()
        assert line.startswith("✓ adservice, cartservice, currencyservice and 6 more → shippingservice TCP 50051: ")
        assert line.endswith("would be allowed (nobody needs it)")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("kind: Pod\napiVersion: v1\nmetadata: {name: x}\n", "Only NetworkPolicy"),
            ("a: [\n", "cannot be read"),
            (
                "kind: NetworkPolicy\napiVersion: networking.k8s.io/v1\nmetadata: {name: x}\n"
                "spec: {podSelector: {}, ingress: [{ports: [{port: 70000}]}]}\n",
                "would reject",
            ),
            ("no/such/file.yaml", "no file"),
        ],
    )
    def test_what_cannot_be_compared(self, text: str, said: str) -> None:
        with pytest.raises(LabError, match=said):
            explaining.compare(text)

    def test_explaining_names_near_misses(self) -> None:
        assert not explaining.explain("adservice", "shippingservice", 50051)
        with pytest.raises(LabError, match="frontend"):
            explaining.explain("frontnd", "shippingservice", 50051)

    @pytest.mark.parametrize("port", ["http2", 0, 70000, "", None, "-1"])
    def test_a_port_is_a_number(self, port: Any) -> None:
        with pytest.raises(LabError, match="is no port: give a number such as 8080"):
            explaining.explain("frontend", "shippingservice", port)
