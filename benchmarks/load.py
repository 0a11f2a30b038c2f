"""The shop under load, while policies come and go once a second.

    python benchmarks/load.py [SECONDS]        300 seconds unless told

`wrk` browses the shop with 64 connections. Meanwhile one policy is applied and removed in turn, and a pod
keeps opening connections: each that lies between two changes must be refused or allowed accordingly.
Shoppers fill carts all the while and must find everything in them at the end. Memory and file handles are
looked at all the time, and file handles once more when all is quiet again.
"""

from __future__ import annotations

import http.cookiejar
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.cluster import Cluster, cluster
from support.writer import Api

CONNECTIONS = 64
ENFORCED = 0.05  # seconds after the API's answer until a policy must hold
PRODUCT = "OLJCESPC7Z"
POLICIES = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
DENY_EMAIL = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "load-deny-email"},
    "spec": {"podSelector": {"matchLabels": {"app": "emailservice"}}, "ingress": []},
}


class Shopper:
    """One visitor who keeps adding one piece of a product; `added` counts what the shop took."""

    def __init__(self, shop_url: str) -> None:
        self._url = shop_url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._open = urllib.request.build_opener(jar).open
        self.added = 0
        self.refused = 0

    def add(self) -> None:
        form = urllib.parse.urlencode({"product_id": PRODUCT, "quantity": "1"}).encode()
        try:
            with self._open(urllib.parse.urljoin(self._url, "cart"), form, timeout=20):
                self.added += 1
        except OSError:
            self.refused += 1

    def in_cart(self) -> int:
        """Pieces that the cart page shows, by the number of its quantity line."""
        with self._open(urllib.parse.urljoin(self._url, "cart"), timeout=20) as answer:
            page = re.sub(r"<[^>]+>", " ", answer.read().decode())
        found = re.search(r"Quantity:?\s*(\d+)", page)
        return int(found.group(1)) if found else 0


def resources(own: Cluster) -> tuple[float, int]:
    """Proportional memory in MB and open files of all the cluster's processes."""
    memory, files = 0.0, 0
    for pid in own.processes():
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            files += len(list(Path(f"/proc/{pid}/fd").iterdir()))
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
        memory += int(found.group(1)) / 1024 if found else 0.0
    return memory, files


class Flipper(threading.Thread):
    """Applies and removes the policy in turn, once a second. `steady` are the times in which nothing changed."""

    def __init__(self, api: Api, seconds: int) -> None:
        super().__init__()
        self._api = api
        self._end = time.time() + seconds
        self.changes = 0
        self.steady: list[tuple[float, float, bool]] = []  # from, until, denied

    def run(self) -> None:
        denied, since = False, time.time()
        while time.time() < self._end:
            time.sleep(1)
            self.steady.append((since, time.time(), denied))
            if denied:
                self._api.request("DELETE", f"{POLICIES}/load-deny-email")
            else:
                self._api.request("POST", POLICIES, DENY_EMAIL)
            denied, since = not denied, time.time() + ENFORCED
            self.changes += 1


_PROBES = """
import sys, time
from helpers.localcluster.kubelet.images.connect import connect
end = time.time() + float(sys.argv[2])
while time.time() < end:
    begun = time.time()
    outcome = connect(sys.argv[1], 0.3, "tcp")
    print(begun, time.time(), outcome or "PASSED", flush=True)
    time.sleep(0.02)
"""


class Prober(threading.Thread):
    """One new connection after another from a pod that has nothing else to do, for as long as asked."""

    def __init__(self, own: Cluster, seconds: int) -> None:
        super().__init__()
        self._own = own
        self._seconds = seconds
        self.attempts: list[tuple[float, float, bool]] = []  # begun, ended, passed

    def run(self) -> None:
        # By address: looking up a name takes longer than the policy stays.
        service = self._own.kubectl("get", "service", "emailservice", "-o", "jsonpath={.spec.clusterIP}")
        command = ("python", "-c", _PROBES, f"{service}:5000", str(self._seconds))
        printed = self._own.kubectl("exec", "deploy/adservice", "--", *command, timeout=self._seconds + 60)
        for line in printed.splitlines():
            begun, ended, outcome = line.split(" ", 2)
            self.attempts.append((float(begun), float(ended), outcome == "PASSED"))

    def judged(self, steady: list[tuple[float, float, bool]]) -> tuple[int, int]:
        """How many attempts lay within steady times, and how many of those ended wrongly."""
        within = [
            passed == denied
            for begun, ended, passed in self.attempts
            for since, until, denied in steady
            if since <= begun and ended <= until
        ]
        return len(within), sum(within)


def browse(shop_url: str, seconds: int) -> subprocess.Popen[str]:
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    command = [wrk, "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--timeout", "20s", "--latency", shop_url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def report(name: str, value: float | int, unit: str, target: str) -> None:
    print(f"{name:<34} {value:>10.2f} {unit:<8} {target}", flush=True)


def shop(shoppers: list[Shopper], end: float) -> None:
    """Fill carts until `end`."""
    while time.time() < end:
        for shopper in shoppers:
            shopper.add()
        time.sleep(0.2)


def growth(own: Cluster, shoppers: list[Shopper], seconds: int) -> tuple[float, float]:
    """Fill carts for so long; by how much memory and file handles grew between its first and its last fifth.

    Each is the median of many looks: what garbage a process holds differs from one second to the next.
    """
    begin = time.time()
    looks: list[tuple[float, float, int]] = []
    while (passed := time.time() - begin) < seconds:
        shop(shoppers, min(time.time() + seconds / 50, begin + seconds))
        looks.append((passed / seconds, *resources(own)))
    early = [look for look in looks if 0.1 < look[0] < 0.3]
    late = [look for look in looks if look[0] > 0.8]
    memory, files = (
        statistics.median(look[place] for look in late) / statistics.median(look[place] for look in early)
        for place in (1, 2)
    )
    return memory, files


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with cluster(prefix="lab-load-") as own:
        url = own.status["shop_url"]
        shoppers = [Shopper(url) for _ in range(4)]
        flipper = Flipper(Api(own.home / "kubeconfig"), seconds)
        prober = Prober(own, seconds)
        for shopper in shoppers:  # so that the connections among the services stand already
            shopper.add()
        before = resources(own)
        wrk = browse(url, seconds)
        flipper.start()
        prober.start()
        memory, files = growth(own, shoppers, seconds)
        output = wrk.communicate()[0]
        flipper.join()
        prober.join()
        judged, wrong = prober.judged(flipper.steady)
        time.sleep(5)
        after = resources(own)
        lost = sum(shopper.added - shopper.in_cart() for shopper in shoppers)
    print(output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    report("load.pages", float(rate.group(1)) if rate else 0.0, "per_s", "-")
    report("load.pages_failed", int(failed.group(1)) if failed else 0, "pages", "0")
    report("load.policy_changes", flipper.changes, "changes", "-")
    report("load.verdicts", judged, "verdicts", "-")
    report("load.wrong_verdicts", wrong, "verdicts", "0")
    report("load.cart_pieces", sum(shopper.added for shopper in shoppers), "pieces", "-")
    report("load.carts_refused", sum(shopper.refused for shopper in shoppers), "requests", "0")
    report("load.cart_pieces_lost", lost, "pieces", "0")
    report("load.memory_growth", memory, "ratio", "<1.1")
    report("load.memory_after", after[0], "MB", "-")
    report("load.file_handle_growth", files, "ratio", "<1.1")
    report("load.file_handles_left_open", after[1] - before[1], "handles", "-")


if __name__ == "__main__":
    main()
