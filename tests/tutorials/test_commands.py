"""What the commands in a pod say, and with which status they end: a failed connection fails the program."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from support.cluster import Cluster

from tutorials.reader import Reader, Said

_numbers = count(1)
MACHINE_S_CURL = shutil.which("curl", path="/usr/bin:/usr/local/bin")
NOBODY = "203.0.113.200"


@pytest.fixture(scope="module")
def net(tutorial_cluster: Cluster) -> Iterator[Reader]:
    """A client, one without DNS, and behind Services: a web server, one that a policy shuts off, none at all."""
    made = Reader(tutorial_cluster, f"commands-{next(_numbers)}")
    made.do(
        "kubectl run web --image=nginx --expose --port=80",
        "kubectl run shut --image=nginx --expose --port=80",
        "kubectl create service clusterip empty --tcp=80",
        "kubectl run client --image=busybox -- sleep 600",
        "kubectl run nodns --image=busybox -- sleep 600",
        "kubectl run udp --image=agnhost -- netexec --http-port=80 --udp-port=81",
        "kubectl expose pod udp --port=81 --protocol=UDP",
    )
    made.policy("shut", "{podSelector: {matchLabels: {run: shut}}, ingress: []}")
    made.policy(
        "nodns",
        "{podSelector: {matchLabels: {run: nodns}}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}",
    )
    made.ready("web", "shut", "client", "nodns", "udp")
    yield made
    made.leave()


def run(net: Reader, line: str, pod: str = "client", *, shell: bool = True) -> Said:
    words = line.replace("'", "'\\''")
    return net.type(f"kubectl exec -i {pod} -- sh -c '{words}'" if shell else f"kubectl exec {pod} -- {line}")


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("wget -qO- http://web", 0, "Welcome to nginx!"),
        ("wget -O /dev/null web", 0, "'/dev/null' saved"),
        ("wget --spider -T 1 web", 0, "remote file exists"),
        ("wget -q -O - web/missing", 1, "wget: server returned error: HTTP/1.1 404 Not Found"),
        ("wget -qO- web:81", 1, "Connection refused"),
        ("wget -qO- empty", 1, "Connection refused"),
        ("wget -qO- nosuch", 1, "wget: bad address 'nosuch'"),
        ("wget -qO- -T 1 shut", 1, "wget: download timed out"),
        ("wget --timeout=1 --tries=1 shut", 1, "wget: download timed out"),
        ("wget https://web", 1, "TLS is not spoken"),
        ("wget --no-such-option web", 1, "wget: option --no-such-option is unknown"),
        ("wget", 1, "Usage: wget"),
        ("busybox wget -qO- web", 0, "Welcome to nginx!"),
        ("curl -s web", 0, "Welcome to nginx!"),
        ("curl -sSf web/missing", 22, "curl: (22) The requested URL returned error: 404"),
        ("curl -s -o /dev/null -w '%{http_code}' web", 0, "200"),
        ("curl -s -o /dev/null -w '%{http_code}' -m 1 shut", 28, "000"),
        ("curl web:81", 7, "curl: (7) Failed to connect to web port 81 after"),
        ("curl empty", 7, "curl: (7) Failed to connect to empty port 80 after"),
        ("curl nosuch", 6, "curl: (6) Could not resolve host: nosuch"),
        ("curl -m 1 shut", 28, "curl: (28) Connection timed out after 10"),
        ("curl --connect-timeout 1 shut", 28, "curl: (28) Connection timed out after 10"),
        ("curl -I web", 0, "HTTP/1.1 200 OK"),
        ("curl http://", 3, "curl: (3) URL rejected"),
        ("curl --no-such", 2, "--no-such is unknown"),
        ("curl ftp://web", 1, 'Protocol "ftp" not supported'),
        ("curl -s --noproxy '*' web", 0, "no way past the pod network"),
        ("curl -s telnet://web:81", 7, ""),
        ("nc -zv web 80", 0, ":80) open"),
        ("nc -v -t -z -w 2 web 80", 0, ":80) open"),
        ("nc -zv -w 1 shut 80", 1, "nc: timed out"),
        ("nc -zv web 81", 1, "Connection refused"),
        ("nc -zv nosuch 80", 1, "nc: bad address 'nosuch'"),
        ("nc -z web http", 1, "nc: bad port 'http'"),
        ("printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc web 80", 0, "Welcome to nginx!"),
        ("echo hostname | nc -u -w 1 udp 81", 0, "udp"),
        ("echo x | nc -u -w 1 udp 99", 1, "Connection refused"),
        ("nslookup web", 0, "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\tweb."),
        ("nslookup kubernetes.default", 0, "Address: 10.96.0.1"),
        ("nslookup nosuch", 1, "** server can't find nosuch: NXDOMAIN"),
        ("nslookup example.com 8.8.8.8", 0, "Name:\texample.com\nAddress: 203.0.113."),
        ("dig +short kubernetes.default.svc.cluster.local", 0, "10.96.0.1\n"),
        ("dig web", 0, "status: NXDOMAIN"),
        ("dig +search +tcp web", 0, "ANSWER: 1"),
        ("ping -c 1 $(hostname -i)", 0, "1 packets transmitted, 1 packets received, 0% packet loss"),
        ("ping -c 1 -W 1 web", 1, "0 packets received, 100% packet loss"),
        ("ping -c 1 nosuch", 1, "ping: bad address 'nosuch'"),
        ("telnet web 81", 1, "Connection refused"),
        ("ip route", 0, "default via"),
        ("ip link set eth0 down", 2, "Operation not permitted"),
        ("agnhost connect web:80", 0, ""),
        ("/bin/true && wget -qO- outside.example.com", 0, "outside of the lab's cluster"),
        (f"curl -s -m 2 {NOBODY}:8080", 7, ""),
        ("curl -m 1 10.244.250.250", 7, "Failed to connect"),
    ],
)
def test_words_and_exit_statuses(net: Reader, line: str, status: int, words: str) -> None:
    said = run(net, line)
    assert (said.status, words in said) == (status, True), said.text


@pytest.mark.parametrize("line", ["wget -qO- http://web", "curl -s web", "nslookup web", "nc -zv web 80"])
def test_a_command_needs_no_shell(net: Reader, line: str) -> None:
    assert run(net, line, shell=False).status == 0


def test_nothing_says_reached_that_was_not(net: Reader) -> None:
    """With DNS cut, a wrong port, no endpoints, no such name, nobody at an address, a policy in the way."""
    lines = [
        ("nodns", "curl -s -m 1 http://web"),
        ("nodns", "curl -s http://web"),
        ("nodns", "wget -qO- web"),
        ("nodns", "nslookup web"),
        ("nodns", "nc -z web 80"),
        ("nodns", "ping -c 1 web"),
        ("nodns", "dig +time=1 +tries=1 web"),
        ("client", "curl -s web:81"),
        ("client", "curl -s empty"),
        ("client", "curl -s nosuch"),
        ("client", f"curl -s -m 1 {NOBODY}:81"),
        ("client", "curl -s -m 1 shut"),
        ("client", "nc -w 1 shut 80"),
        ("client", "agnhost connect shut:80 --timeout=1s"),
        ("client", "telnet web 81"),
    ]
    lines += [("client", f"{MACHINE_S_CURL} -s {url}") for url in ("web:81", "nosuch", "empty") if MACHINE_S_CURL]
    with ThreadPoolExecutor(5) as several:
        said = several.map(lambda pair: run(net, f"{pair[1]} && echo REACHED || echo BLOCKED", pair[0]), lines)
    for (pod, line), answer in zip(lines, said, strict=True):
        assert "BLOCKED" in answer and "REACHED" not in answer, f"{line} in {pod}: {answer.text}"


def test_without_dns_an_address_still_works(net: Reader) -> None:
    address = net.type("kubectl get service web -o jsonpath={.spec.clusterIP}").text
    assert "Welcome to nginx!" in run(net, f"wget -qO- -T 2 {address}", "nodns")
    said = run(net, "curl -sS http://web", "nodns")
    assert said.status == 6 and "curl: (6) Could not resolve host: web" in said


def test_a_lookup_is_one_flow_of_udp(net: Reader) -> None:
    run(net, "nslookup -timeout=1 web", "nodns")
    assert ("denied", 53) in {(verdict, port) for verdict, _, port in net.flows()}


def test_netcat_at_both_ends(net: Reader) -> None:
    address = net.type("kubectl get pod client -o jsonpath={.status.podIP}").text
    with ThreadPoolExecutor(1) as other:
        heard = other.submit(run, net, "timeout 5 nc -l -p 7000 < /dev/null")
        for _ in range(20):
            if run(net, f"echo hello | nc -w 1 {address} 7000", "udp").status == 0:
                break
        assert "hello" in heard.result()


WAITS = """
apiVersion: v1
kind: Pod
metadata: {name: waits}
spec:
  restartPolicy: Never
  initContainers:
  - name: look
    image: busybox:latest
    env: [{name: FRONTEND, value: "web:80"}]
    command: [/bin/sh, -exc]
    args:
    - |
      code=$(wget --server-response http://${FRONTEND} 2>&1 | awk '/^  HTTP/{print $2}')
      test "$code" -eq 200
  containers: [{name: main, image: busybox, args: [echo, found]}]
"""


def test_an_init_container_looks_for_a_server(net: Reader) -> None:
    """As the shop's load generator does upstream."""
    net.apply(WAITS)
    net.eventually("kubectl get pod waits", "Completed")
    assert "found" in net.type("kubectl logs waits")


def test_an_unknown_image_is_named_at_once(net: Reader) -> None:
    said = net.type("kubectl create deployment odd --image=caddy:2")
    assert 'Warning: no image "caddy:2" exists in this lab cluster; images here (any tag): agnhost, alpine' in said
    said = net.type("kubectl run odd -i --rm --restart=Never --image=caddy:2 --pod-running-timeout=1s -- sh")
    assert 'Warning: no image "caddy:2"' in said
    said = net.type("kubectl set image deployment/odd caddy=nginx")
    assert "Warning" not in said
    said = net.type("kubectl set image deployment/odd caddy=other/image")
    assert 'Warning: no image "other/image"' in said
