"""Every notebook of the course runs: after any other, again, with its task solved, alone, over a kernel's restart.

The first runs of all on the shared cluster are those of the last notebook, so each kind of start is met.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import Cluster, cluster
from support.notebooks import Run, checks, course, halves, run, solved

pytestmark = pytest.mark.timeout(300)  # a busy machine runs a notebook slowly

# What must be seen in which cell, by notebook: the course's point, in words.
SEEN = {
    "00": {"cluster": ["lab-node", "kube-system"], "proof": ["enforced"], "doctor": ["[ OK ] Python"]},
    "01": {
        "empty-pods": ["No resources found"],
        "pods": ["shippingservice", "1/1"],
        "page": ["200"],
        "frontend-env": ["SHIPPING_SERVICE_ADDR=shippingservice:50051"],
        "ad-redis": ["connected"],
        "intruder": ["cart:"],
    },
    "02": {
        "labels": ["app=shippingservice", "pod-template-hash="],
        "services": ["5000/TCP"],
        "targets": ["8080"],
        "probe": ["connected"],
        "probe-flows": ["8080"],
    },
    "03": {
        "create": ["networkpolicy.networking.k8s.io/shipping-allow-checkout created"],
        "page-before": ["200"],
        "page-after": ["200"],
        "page-broken": ["500", "shipping quote"],
        "why-flows": ["shipping-allow-checkout"],
        "why-explain": ["denied", "shipping-allow-checkout"],
        "rest": ["200", "connected"],
        "silence": ["no answer", "refused: the Service adservice has no port 80"],
    },
    "04": {
        "page-broken": ["500"],
        "create": ["created"],
        "page-mended": ["200"],
        "reply": ["no answer", "/cart answered 200"],
        "proof-probe": ["no answer"],
        "proof-explain": ["denied"],
    },
    "05": {
        "email-order": ["200"],
        "email-count": ["0"],
        "email-log": ["WARN"],
        "email-flows": ["8080/TCP", "denied"],
        "email-matrix": ["1 of them is blocked"],
        "email-lint": ["[service-port]"],
        "email-count-again": ["1"],
        "timeline-plan": ["17. frontend-allow-outside", "Broken, though needed"],
        "mail": ["1"],
        "pages": ["/ answered 200", "/cart answered 200", "/cart/checkout answered 200"],
        "proof-probe": ["no answer"],
        "proof-exact": ["True"],
        "score-stop": ["17 of 17. 17 of 17 arrows are right."],
        "label-probe": ["helper → paymentservice:50051: connected"],
    },
    "06": {
        "newcomer-probe": ["connected"],
        "deny-page": ["/ answered 200", "/cart/checkout answered 200"],
        "deny-probe": ["no answer"],
        "probes": ["frontend", "1/1"],
        "empty": ["c  ingress: [{}]                     the same: yes"],
        "stranger-probe": ["no answer"],
        "try-one-probe": ["no answer"],
        "try-two-probe": ["watcher → frontend.default:80: connected", "other → frontend.default:80: connected"],
        "try-three-probe": ["watcher → frontend.default:80: connected", "other → frontend.default:80: no answer"],
    },
    "07": {
        "why-probe": ["connected"],
        "why-explain": ["allowed"],
        "dns-udp-probe": ["no answer"],
        "dns-tcp-probe": ["connected"],
        "all-outside-probe": ["no answer"],
        "types-explain": ["denied"],
        "types-describe": ["Policy Types: Ingress, Egress"],
        "deny-page": ["500", "lookup", "i/o timeout"],
        "deny-probe": ["looked up"],
        "dns-page": ["500", "dial tcp", "i/o timeout"],
        "frontend-page": ["500", "cart storage"],
        "both-explain": ["denied", "egress"],
        "all-mail": ["1"],
        "all-matrix": ["True"],
        "all-explain": ["denied"],
        "all-pages": ["/ answered 200", "/cart answered 200", "/cart/checkout answered 200"],
    },
    "08": {
        "workbench": ["A workbench with 1 policy"],
        "page-broken": ["500"],
        "page-mended": ["200"],
        "as-text": ["frontend → shippingservice TCP 50051: would be allowed"],
        "flows-try": ["no answer"],
    },
    "09": {
        "declared": ["17 arrows"],
        "declared-notes": ["shoppingassistantservice"],
        "compare": ["nothing would change: the same connections are allowed"],
        "newcomer-judge": [
            "yours          kube-system/coredns  no",
            "the machine's  kube-system/coredns  no",
            "its default    kube-system/coredns  yes",
            "its default    adservice            no",
        ],
        "observed-arrows": ["adservice → redis-cart TCP 6379"],
        "compare-observed": ["adservice → redis-cart TCP 6379: would be allowed"],
    },
    "11": {
        "needs": ["env BOOKING_URL of Deployment tickets/website", "reminders → tickets/mailer TCP 2525"],
        "graph": ["6 of 10 needed calls are allowed"],
        "explain": ["its targetPort", "a podSelector alone means pods of tickets-data", "the caller has app=reminders"],
        "open": ["allowed"],
        "lint": ["[service-port]", "[peer-in-other-namespace]", "[one-dash]", "[needed-call-denied]"],
        "suggest": ["25 policies for 10 arrows"],
        "unproven": [
            "website has several pods",
            "ingress controller isn't in the input",
            "4 policies that are there now",
        ],
        "rehearse": ["5 of 9 declared calls worked", "reached 3 of 8 ports", "Not rehearsed: 1 call from the outside"],
        "rehearse-suggested": ["9 of 9 declared calls worked", "reached 1 of 8 ports"],
        "report": ["report.html"],
        "context": ["nothing is written there"],
    },
}


def check(path: Path, found: Run) -> None:
    assert not found.errors
    for cell, words in SEEN.get(path.name[:2], {}).items():
        for word in words:
            assert word in found.text(cell), f"{path.name}, cell {cell}: {found.text(cell)!r}"


@pytest.fixture(scope="module")
def shared() -> Iterator[Cluster]:
    with cluster("--empty", prefix="nb-") as own:
        yield own


def test_the_course_has_notebooks() -> None:
    numbers = [int(path.name[:2]) for path in course()]
    assert numbers[:10] == list(range(10)) and len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("path", course()[::-1], ids=lambda path: path.stem)
def test_after_the_later_ones(path: Path, shared: Cluster) -> None:
    check(path, run(path, shared.environment))


@pytest.mark.parametrize("path", course(), ids=lambda path: path.stem)
def test_again_with_its_task_solved(path: Path, shared: Cluster) -> None:
    found = run(path, shared.environment, solved(path))
    check(path, found)
    for cell in checks(path):
        assert "[ OK ] Done." in found.text(cell), f"{path.name}, {cell}: {found.text(cell)}"


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", course(), ids=lambda path: path.stem)
def test_alone_on_a_fresh_cluster_and_twice_in_a_row(path: Path) -> None:
    with cluster("--empty", prefix="nb-") as own:
        check(path, run(path, own.environment))
        check(path, run(path, own.environment))


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", course(), ids=lambda path: path.stem)
def test_goes_on_after_its_kernel_was_restarted_in_the_middle(path: Path, shared: Cluster) -> None:
    before, after = halves(path)
    run(path, shared.environment, dict.fromkeys(after, ""))
    assert not run(path, shared.environment, dict.fromkeys(before, "")).errors
