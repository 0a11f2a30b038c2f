"""The flow log: filters and groups, explanations, the smallest policy, and a feed that ends when told to."""

import threading
import time

import pytest
import yaml

from helpers.display.widgets.feed import Feed
from helpers.display.widgets.flowbook import Filter, FlowBook, account_of
from helpers.display.widgets.flowlog import FlowLog
from helpers.display.widgets.smallest import smallest
from helpers.display.widgets.worker import Worker
from helpers.policies import World

from .scripted import ScriptedCluster, shop

DENY = {
    "kind": "NetworkPolicy",
    "metadata": {"name": "deny-all"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}
WORLD = World.of(shop())


def end(name: str, number: str = "1") -> dict:
    return {
        "kind": "Pod",
        "namespace": "default",
        "name": f"{name}-{number}",
        "address": "10.244.0.9",
        "labels": {"app": name, "pod-template-hash": number},
    }


def flow(number: int, source: str, target: str, port: int, verdict: str = "allowed", **more) -> dict:
    return {
        "metadata": {"name": f"flow-{number:06}", "resourceVersion": str(number)},
        "time": f"2026-01-01T00:00:{number:02}.000Z",
        "source": end(source),
        "target": {**end(target), "service": None},
        "port": port,
        "protocol": "TCP",
        "verdict": verdict,
        "reason": "as told",
        "policies": [],
        "attempts": 1,
        "dns": False,
        **more,
    }


FLOWS = [
    flow(1, "frontend", "adservice", 9555),
    flow(2, "frontend", "shippingservice", 50051),
    flow(3, "frontend", "coredns", 53, dns=True),
    flow(4, "frontend", "shippingservice", 50051, "denied", policies=["default/deny-all"], attempts=3),
]


def names(book: FlowBook) -> list[str]:
    return [one["metadata"]["name"][-1] for one in book.chosen]


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, "421"),
        ({"dns": True}, "4321"),
        ({"verdict": "denied"}, "4"),
        ({"words": "shipping 50051"}, "42"),
        ({"words": "SHIPPING deny-all"}, "4"),
        ({"words": "nothing"}, ""),
    ],
)
def test_filters(chosen, found):
    assert "".join(names(FlowBook().with_flows(FLOWS).filtered(**chosen))) == found


def test_groups_put_the_newest_first_and_count_attempts():
    groups = FlowBook(tuple(FLOWS), Filter(group="pair")).groups
    assert [(group.title, group.attempts) for group in groups] == [
        ("frontend → shippingservice TCP 50051: denied", 3),
        ("frontend → shippingservice TCP 50051: allowed", 1),
        ("frontend → adservice TCP 9555: allowed", 1),
    ]
    assert [group.title for group in FlowBook(tuple(FLOWS), Filter(group="policy")).groups] == [
        "default/deny-all: denied",
        "no policy: allowed",
    ]


def test_a_flow_is_explained_by_the_policies_of_now_even_when_its_pod_was_replaced():
    told = account_of(FLOWS[3], WORLD)
    assert told.logged == "as told" and told.verdict and told.note == "The policies have changed since."
    denied = account_of(FLOWS[3], WORLD.replace_policies([DENY]))
    assert denied.mendable and denied.note == ""
    gone = account_of(flow(5, "nobody", "adservice", 1), WORLD)
    assert gone.verdict is None and gone.note == "nobody-1 is gone since."


@pytest.mark.parametrize(("policies", "count"), [([], 0), ([DENY], 2), ([{**DENY, "spec": {"podSelector": {}}}], 1)])
def test_the_smallest_policy_lets_the_call_through_and_nothing_else(policies, count):
    world = WORLD.replace_policies(policies)
    source, target = world.pod("frontend"), world.pod("shippingservice")
    found = smallest(world, source, target, 50051)
    assert len(found) == count
    mended = world.replace_policies([*policies, *found])
    assert mended.judge(source, target, 50051)
    if policies:
        assert not mended.judge("adservice", target, 50051) and not mended.judge(source, target, 50052)


def test_the_smallest_policy_for_dns_and_for_the_outside():
    world = WORLD.replace_policies([DENY])
    dns = world.pod("kube-system/coredns")
    mended = world.replace_policies([DENY, *smallest(world, world.pod("frontend"), dns, 53, "UDP")])
    assert mended.judge("frontend", dns, 53, "UDP") and not mended.judge("frontend", dns, 53, "TCP")
    mended = world.replace_policies([DENY, *smallest(world, "198.51.100.1", world.pod("frontend"), 8080)])
    assert mended.judge("198.51.100.1", "frontend", 8080) and not mended.judge("198.51.100.2", "frontend", 8080)


class Log:
    """A flow log widget over scripted flows."""

    def __init__(self) -> None:
        self.flows = list(FLOWS)
        self.worker = Worker("lab-widgets-test")
        self.cluster = ScriptedCluster(DENY)
        self.opened: list[str] = []
        self.widget = FlowLog(
            lambda: self.flows, lambda: World.of(self.cluster.objects()), self._workbench, self.worker, period=0.02
        )

    def _workbench(self, text):
        import ipywidgets

        self.opened.append(text)
        return ipywidgets.HTML(text)

    def does(self, *action):
        self.widget.panes["table"]._receive(None, {"type": "do", "does": list(action)}, [])
        assert self.worker.drain()
        return self

    def close(self):
        self.widget.stop()
        self.worker.close()


@pytest.fixture
def log():
    one = Log()
    yield one
    one.close()


def test_clicking_a_denied_flow_explains_it_and_offers_a_policy(log):
    log.widget.look()
    log.does("open", "flow-000004")
    page = log.widget.panes["account"].html
    assert "✗ denied" in page and "as told" in page and "shipping-allow-frontend" in page
    log.does("workbench")
    assert [policy["metadata"]["name"] for policy in yaml.safe_load_all(log.opened[0])] == [
        "frontend-to-shipping",
        "shipping-allow-frontend",
    ]
    log.does("open", "flow-000004")
    assert log.widget.panes["account"].html == ""


def test_it_follows_the_log_and_stops(log):
    log.widget.start()
    eventually(lambda: "flow-000004" in log.widget.panes["table"].html)
    log.flows = [*FLOWS, flow(7, "adservice", "redis-cart", 6379, "denied")]
    eventually(lambda: "flow-000007" in log.widget.panes["table"].html)
    log.does("running", False)
    assert not log.widget.running and not any(thread.name == "lab-flows" for thread in threading.enumerate())
    log.does("running", True)
    assert log.widget.running


def test_filtering_is_drawn(log):
    log.widget.look()
    log.does("words", "ads").does("group", "target")
    assert "adservice: allowed" in log.widget.panes["table"].html and "1 groups" in log.widget.panes["table"].html
    assert 'value="ads"' in log.widget.panes["controls"].html


def test_a_log_that_cannot_be_read_is_a_sentence(log):
    def fail():
        raise RuntimeError("The cluster cannot be reached.")

    log.widget._read = fail
    log.widget.start()
    eventually(lambda: "cannot be reached" in log.widget.panes["message"].html)


def test_there_is_text_without_widgets(log):
    log.widget.look()
    data, _ = log.widget._repr_mimebundle_()
    assert "shippingservice-1" in data["text/plain"] and "<table" in data["text/html"]


def test_a_feed_tells_each_change_and_each_failure_once():
    seen, failures, one = [], [], [FLOWS[0]]
    results = iter([one, one, ValueError("x"), ValueError("x"), one, FLOWS])

    def read():
        result = next(results, FLOWS)
        if isinstance(result, Exception):
            raise result
        return result

    feed = Feed(read, seen.append, failures.append, period=0.005)
    feed.start()
    eventually(lambda: FLOWS in seen)
    feed.stop()
    feed.stop()
    assert seen == [[FLOWS[0]], [FLOWS[0]], FLOWS] and len(failures) == 1 and not feed.running


def eventually(condition, timeout=5.0):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
