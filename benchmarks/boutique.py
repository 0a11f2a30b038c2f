"""The shop's figures without a cluster: import time, memory, pages, ends. Prints `name value unit target` lines.

Every service is a fork of one process that has imported the shop, and calls go through the tests' small proxy;
what the real gateway and kubelet add is measured in cluster.py.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

from figures import times

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.boutique.shop import Shop, Visitor

ROUNDS = times(30, 2)


def main() -> None:
    show("shop_preload", preload_seconds(), "s", "0.40")
    begun = time.perf_counter()
    with Shop(skip=()) as shop:
        show("shop_start_all", time.perf_counter() - begun, "s", "1.00")
        visitor = shop.visitor()
        visitor.get("/")
        visitor.post("/cart", product_id="6E92ZMYYFZ", quantity=2)
        for name, path in (("home", "/"), ("product", "/product/6E92ZMYYFZ"), ("cart", "/cart")):
            show(f"shop_{name}_page", milliseconds(visitor, path), "ms", "50")
        memory(shop)
        show("shop_sigterm_frontend", shop.restart("frontend"), "s", "0.50")
        show("shop_sigterm_shipping", shop.restart("shippingservice"), "s", "0.50")


def show(name: str, value: float, unit: str, target: str) -> None:
    print(f"{name} {value:.3f} {unit} {target}", flush=True)


def preload_seconds() -> float:
    """Median of five fresh interpreters, from inside: importing all that the fork server shares."""
    code = "import time; t = time.perf_counter(); from helpers import boutique; boutique.preload()"
    code += "; print(time.perf_counter() - t)"
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    return statistics.median(float(run.stdout) for run in runs)


def milliseconds(visitor: Visitor, path: str) -> float:
    """Median time of a page."""
    return 1000 * statistics.median(visitor.get(path).seconds for _ in range(ROUNDS))


def memory(shop: Shop) -> None:
    """Proportional set sizes, which count shared pages once (Linux only)."""
    if not Path("/proc/self/smaps_rollup").exists():
        return
    sizes = {name: pss_megabytes(pid) for name, pid in shop.pids.items()}
    for name, size in sizes.items():
        show(f"shop_pss_{name}", size, "MB", "14")
    show("shop_pss_all", sum(sizes.values()), "MB", "130")


def pss_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
