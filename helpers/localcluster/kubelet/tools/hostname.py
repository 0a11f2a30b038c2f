"""The pod's name (`hostname`), its address (`hostname -i`), its short and full name."""

from helpers.localcluster.kubelet.tools import options
from helpers.localcluster.kubelet.tools.options import Fault
from helpers.podnet import places


def main(arguments: list[str]) -> int:
    """The exit status."""
    try:
        given, operands = options.read("hostname", arguments, "iIfsd", ("ip-address", "fqdn", "long", "short"))
        if operands:
            raise Fault(1, "hostname: sethostname: Operation not permitted")
    except Fault as fault:
        return options.ended(fault)
    names = {name for name, _ in given}
    print(places.address() if names & {"-i", "-I", "--ip-address"} else "" if "-d" in names else places.hostname())
    return 0
