"""The shop under load, while policies come and go once a second.

    python benchmarks/load.py [SECONDS]        300 seconds unless told

`wrk` browses the shop with 64 connections. Meanwhile one policy is applied and removed in turn, and after
each change a new connection is judged: it must be refused or allowed accordingly. Shoppers fill carts all
the while and must find everything in them at the end. Memory and file handles are read at a tenth of the
time and at the end.
"""

from __future__ import annotations

import http.cookiejar
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.cluster import Cluster, cluster

CONNECTIONS = 64
PRODUCT = "OLJCESPC7Z"
DENY_EMAIL = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: load-deny-email
spec:
  podSelector:
    matchLabels:
      app: emailservice
  ingress: []
"""


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


def new_connection_passes(own: Cluster) -> bool:
    command = ("exec", "deploy/adservice", "--", "/agnhost", "connect", "emailservice:5000", "--timeout=1s")
    return own.try_kubectl(*command).returncode == 0


def flip(own: Cluster, denied: bool) -> bool:
    """Apply or remove the policy, then judge one new connection; whether the verdict is right."""
    if denied:
        own.kubectl("apply", "-f", "-", stdin=DENY_EMAIL)
    else:
        own.kubectl("delete", "networkpolicy", "load-deny-email")
    time.sleep(0.05)
    return new_connection_passes(own) != denied


def browse(shop_url: str, seconds: int) -> subprocess.Popen[str]:
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.exit("wrk is not installed: apt-get install wrk")
    command = [wrk, "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s", "--timeout", "20s", "--latency", shop_url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def report(name: str, value: float | int, unit: str, target: str) -> None:
    print(f"{name:<34} {value:>10.1f} {unit:<8} {target}", flush=True)


def main() -> None:
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with cluster(prefix="lab-load-") as own:
        url = own.status["shop_url"]
        shoppers = [Shopper(url) for _ in range(4)]
        wrk = browse(url, seconds)
        begin, flips, wrong, early = time.monotonic(), 0, 0, (0.0, 0)
        while time.monotonic() - begin < seconds:
            turn = time.monotonic()
            wrong += not flip(own, denied=flips % 2 == 0)
            flips += 1
            for shopper in shoppers:
                shopper.add()
            if not early[1] and time.monotonic() - begin > seconds / 10:
                early = resources(own)
            time.sleep(max(0.0, 1 - (time.monotonic() - turn)))
        output = wrk.communicate()[0]
        time.sleep(2)
        late = resources(own)
        lost = sum(shopper.added - shopper.in_cart() for shopper in shoppers)
    print(output)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    report("load.pages", float(rate.group(1)) if rate else 0.0, "per_s", "-")
    report("load.pages_failed", int(failed.group(1)) if failed else 0, "pages", "0")
    report("load.policy_changes", flips, "changes", "-")
    report("load.wrong_verdicts", wrong, "verdicts", "0")
    report("load.carts_refused", sum(shopper.refused for shopper in shoppers), "requests", "0")
    report("load.cart_pieces_lost", lost, "pieces", "0")
    report("load.memory_growth", late[0] / early[0] if early[0] else 0.0, "ratio", "<1.1")
    report("load.file_handle_growth", late[1] / early[1] if early[1] else 0.0, "ratio", "<1.1")


if __name__ == "__main__":
    main()
