"""The recipes of kubernetes-network-policy-recipes, each with what its reader sees before and after."""

import pytest

from tutorials.reader import TIMED_OUT, Reader

PAGE = "Welcome to nginx!"
DENY_WEB = "{podSelector: {matchLabels: {app: web}}, ingress: []}"


@pytest.fixture
def web(reader: Reader) -> Reader:
    """A reader who has started the web server that most recipes begin with."""
    reader.do("kubectl run web --image=nginx --labels=app=web --expose --port=80")
    reader.ready("web")
    return reader


def get(url: str, seconds: int = 1) -> str:
    return f"wget -qO- --timeout={seconds} {url}"


def test_01_deny_all_traffic_to_an_application(web: Reader) -> None:
    assert PAGE in web.shell("wget -qO- http://web")
    web.policy("web-deny-all", DENY_WEB)
    assert TIMED_OUT in web.shell(get("http://web"))
    web.do("kubectl delete networkpolicy web-deny-all")
    assert PAGE in web.shell(get("http://web"))


def test_02_limit_traffic_to_an_application(reader: Reader) -> None:
    reader.do("kubectl run apiserver --image=nginx --labels=app=bookstore,role=api --expose --port=80")
    reader.ready("apiserver")
    reader.policy(
        "api-allow",
        "{podSelector: {matchLabels: {app: bookstore, role: api}}, "
        "ingress: [{from: [{podSelector: {matchLabels: {app: bookstore}}}]}]}",
    )
    assert TIMED_OUT in reader.shell(get("http://apiserver"))
    assert PAGE in reader.shell(get("http://apiserver"), labels="app=bookstore,role=frontend")


def test_02a_allow_all_traffic_to_an_application(web: Reader) -> None:
    web.policy("web-deny-all", DENY_WEB)
    assert TIMED_OUT in web.shell(get("http://web"))
    web.policy("web-allow-all", "{podSelector: {matchLabels: {app: web}}, ingress: [{}]}")
    assert PAGE in web.shell(get("http://web"))


def test_03_deny_all_traffic_in_a_namespace(web: Reader) -> None:
    web.policy("default-deny-all", "{podSelector: {}, ingress: []}")
    assert TIMED_OUT in web.shell(get("http://web"))


def test_04_deny_traffic_from_other_namespaces(web: Reader) -> None:
    other = f"{web.namespace}-foo"
    web.make_namespace(other)
    web.policy("deny-from-other-namespaces", "{podSelector: {}, ingress: [{from: [{podSelector: {}}]}]}")
    assert TIMED_OUT in web.shell(get(f"http://web.{web.namespace}"), namespace=other)
    assert PAGE in web.shell(get(f"http://web.{web.namespace}"))


def test_05_allow_traffic_from_all_namespaces(web: Reader) -> None:
    other = f"{web.namespace}-secondary"
    web.make_namespace(other)
    web.policy("web-deny-all", DENY_WEB)
    assert TIMED_OUT in web.shell(get(f"http://web.{web.namespace}"), namespace=other)
    web.policy(
        "web-allow-all-namespaces",
        "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {}}]}]}",
    )
    assert PAGE in web.shell(get(f"http://web.{web.namespace}"), namespace=other)


def test_06_allow_traffic_from_a_namespace(web: Reader) -> None:
    dev, prod = f"{web.namespace}-dev", f"{web.namespace}-prod"
    web.make_namespace(dev, "purpose=testing")
    web.make_namespace(prod, "purpose=production")
    web.policy(
        "web-allow-prod",
        "{podSelector: {matchLabels: {app: web}}, "
        "ingress: [{from: [{namespaceSelector: {matchLabels: {purpose: production}}}]}]}",
    )
    assert TIMED_OUT in web.shell(get(f"http://web.{web.namespace}"), namespace=dev)
    assert PAGE in web.shell(get(f"http://web.{web.namespace}"), namespace=prod)


def test_07_allow_traffic_from_some_pods_in_another_namespace(web: Reader) -> None:
    other = f"{web.namespace}-other"
    web.make_namespace(other, "team=operations")
    web.policy(
        "web-allow-all-ns-monitoring",
        "{podSelector: {matchLabels: {app: web}}, ingress: [{from: ["
        "{namespaceSelector: {matchLabels: {team: operations}}, "
        "podSelector: {matchLabels: {type: monitoring}}}]}]}",
    )
    url = f"http://web.{web.namespace}"
    assert TIMED_OUT in web.shell(get(url))
    assert TIMED_OUT in web.shell(get(url), labels="type=monitoring")
    assert TIMED_OUT in web.shell(get(url), namespace=other)
    assert PAGE in web.shell(get(url), labels="type=monitoring", namespace=other)


def test_08_allow_external_traffic_to_an_application(web: Reader) -> None:
    web.policy("web-deny-all", DENY_WEB)
    assert TIMED_OUT in web.shell(get("http://web"))
    web.policy(
        "web-allow-external", "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [], ports: [{port: 80}]}]}"
    )
    assert PAGE in web.shell(get("http://web")), "an empty list of peers is everybody, whoever comes from outside too"


def test_09_allow_traffic_only_to_a_port(reader: Reader) -> None:
    reader.do(
        "kubectl run apiserver --image=ahmet/app-on-two-ports --labels=app=apiserver",
        "kubectl create service clusterip apiserver --tcp 8001:8000 --tcp 5001:5000",
    )
    reader.ready("apiserver")
    reader.policy(
        "api-allow-5000",
        "{podSelector: {matchLabels: {app: apiserver}}, ingress: [{ports: [{port: 5000}], "
        "from: [{podSelector: {matchLabels: {role: monitoring}}}]}]}",
    )
    both = f"{get('http://apiserver:8001')}; {get('http://apiserver:5001/metrics')}"
    assert reader.shell(both).text.count(TIMED_OUT) == 2
    allowed = reader.shell(both, labels="role=monitoring")
    assert allowed.text.count(TIMED_OUT) == 1 and "http.requests=" in allowed and "Hello" not in allowed


def test_10_allow_traffic_with_multiple_selectors(reader: Reader) -> None:
    reader.do("kubectl run db --image=redis:4 --port=6379 --expose --labels=app=bookstore,role=db")
    reader.ready("db")
    reader.policy(
        "redis-allow-services",
        "{podSelector: {matchLabels: {app: bookstore, role: db}}, ingress: [{from: ["
        "{podSelector: {matchLabels: {app: bookstore, role: search}}}, "
        "{podSelector: {matchLabels: {app: bookstore, role: api}}}, "
        "{podSelector: {matchLabels: {app: inventory, role: web}}}]}]}",
    )
    for labels in ("app=inventory,role=web", "app=bookstore,role=api"):
        said = reader.shell("nc -v -w 2 db 6379 < /dev/null", labels=labels)
        assert ":6379) open" in said and said.status == 0, labels
    assert "PONG" in reader.once("redis-cli -h db ping", labels="app=bookstore,role=search", image="redis:4")
    said = reader.shell("nc -v -w 2 db 6379 < /dev/null", labels="app=other")
    assert "nc: timed out" in said and " open" not in said


def test_11_deny_egress_traffic_from_an_application(web: Reader) -> None:
    web.policy("foo-deny-egress", "{podSelector: {matchLabels: {app: foo}}, policyTypes: [Egress], egress: []}")
    assert "wget: bad address 'web:80'" in web.shell(get("http://web:80/"), labels="app=foo")
    assert PAGE in web.shell(get("http://web:80/"), labels="app=bar")
    # The same with DNS allowed: the name is found, the connection isn't made.
    web.policy(
        "foo-deny-egress",
        "{podSelector: {matchLabels: {app: foo}}, policyTypes: [Egress], "
        "egress: [{ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}]}",
    )
    assert TIMED_OUT in web.shell(get("http://web:80/"), labels="app=foo")


def test_12_deny_all_egress_traffic_from_a_namespace(web: Reader) -> None:
    web.policy("default-deny-all-egress", "{policyTypes: [Egress], podSelector: {}, egress: []}")
    assert "wget: bad address 'web'" in web.shell(get("http://web"))
    address = web.type("kubectl get pod web -o jsonpath={.status.podIP}").text
    assert TIMED_OUT in web.shell(get(f"http://{address}"))


def test_14_deny_egress_to_the_outside(web: Reader) -> None:
    outside = "wget -qO- --timeout=1 http://www.example.com"
    assert "outside of the lab's cluster" in web.shell(outside, labels="app=foo")
    web.policy(
        "foo-deny-external-egress",
        "{podSelector: {matchLabels: {app: foo}}, policyTypes: [Egress], egress: ["
        "{ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}, {to: [{namespaceSelector: {}}]}]}",
    )
    assert PAGE in web.shell(get("http://web:80"), labels="app=foo")
    assert TIMED_OUT in web.shell(outside, labels="app=foo")
