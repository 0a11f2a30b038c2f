"""Inputs on which the linter was wrong, and their neighbours: what it must say, and what it must not."""

from __future__ import annotations

from typing import Any

import pytest

from helpers.policies import Finding, lint

from .build import app, deployment, namespace, pod, pods, policy, rule, service, spaces

UDP = {"protocol": "UDP", "port": 53}
DNS = pod("coredns-1", "kube-system", labels={"k8s-app": "kube-dns"}, ip="10.1.0.2",
          ports=[("dns", 53, "UDP"), ("dns-tcp", 53)])
DNS_PEER = {**spaces("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
TO_DNS = rule(DNS_PEER, side="to", ports=[UDP, 53])
ANY_SPACE = {"namespaceSelector": {}}


def ids(*objects: Any, skip: tuple[str, ...] = ("unprotected-pods",)) -> list[str]:
    return [one.id for one in lint(objects, skip)]


def hits(name: str, *objects: Any) -> list[Finding]:
    return [one for one in lint(objects) if one.id == name]


def said(name: str, *objects: Any) -> str:
    found = hits(name, *objects)
    assert len(found) == 1, found
    return f"{found[0].sentence} {found[0].mend}"


def sends(name: str, *rules: Any, space: str = "default", **more: Any) -> Any:
    """An egress policy for app=NAME."""
    return policy(f"{name}-out", name, space, policyTypes=["Egress"], egress=list(rules), **more)


# One dash too many or too few

OUTER = {"namespaceSelector": {"matchLabels": {"team": "outer"}}}
GATE = [namespace("gate"), namespace("outer", team="outer"), pod("db", "gate", ports=[5432]),
        pod("lister", "outer"), pod("stranger", "outer")]


def into_db(*peers: Any) -> Any:
    return policy("db", "db", "gate", ingress=[rule(*peers, ports=[5432])])


@pytest.mark.parametrize("peers", [(OUTER, pods("lister")), (pods("lister"), OUTER),
                                   ({"ipBlock": {"cidr": "203.0.113.0/24"}}, OUTER, pods("lister"))])
def test_two_items_where_one_was_meant_are_counted_by_labels(peers: tuple[Any, ...]) -> None:
    text = said("one-dash", *GATE, into_db(*peers))
    assert "2 pods" in text and "1 pod." in text and "take away the second dash" in text
    assert not hits("peer-in-other-namespace", *GATE, into_db(*peers)), "its advice would leave the stranger in"
    assert ids(*GATE, into_db({**OUTER, **pods("lister")})) == []


def test_the_count_is_right_where_both_halves_fit_pods() -> None:
    text = said("one-dash", *GATE, pod("lister", "gate"), into_db(OUTER, pods("lister")))
    assert "3 pods. In one item, both would have to hold: 1 pod." in text


def test_two_items_that_mean_two_things_are_a_note() -> None:
    assert hits("one-dash", *GATE, pod("web", "gate"), into_db(OUTER, pods("web")))[0].severity == "note"
    assert hits("one-dash", *GATE, pod("lister", "gate"), into_db(OUTER, pods("lister")))[0].severity == "warning"


def test_three_items_are_told_once_a_half() -> None:
    again = {"namespaceSelector": {"matchLabels": {"team": "other"}}}
    assert len(hits("one-dash", *GATE, namespace("other", team="other"), pod("x", "other"),
                    into_db(OUTER, pods("lister"), again))) == 1


def test_the_same_pods_either_way_are_no_mistake() -> None:
    only = [namespace("gate"), namespace("outer", team="outer"), pod("db", "gate"), pod("lister", "outer")]
    assert not hits("one-dash", *only, into_db(OUTER, pods("lister")))


def test_one_item_where_two_were_meant() -> None:
    text = said("one-dash", *GATE, pod("web", "gate"), into_db({**OUTER, **pods("web")}))
    assert "each half by itself" in text and "its own dash" in text
    assert not hits("one-dash", *GATE, into_db({**OUTER, **pods("web")})), "no pod has the label at all"


# What isn't in the input

CHART = [deployment("api", ports=[("http", 8080), ("metrics", 9090)]), deployment("db", ports=[5432])]
NGINX = {**spaces("ingress-nginx"), "podSelector": {"matchLabels": {"app.kubernetes.io/name": "ingress-nginx"}}}


def test_a_chart_alone_speaks_of_other_namespaces() -> None:
    found = lint([*CHART, policy("deny", policyTypes=["Ingress", "Egress"]),
                  policy("api", "api", ingress=[rule(NGINX, ports=["http"]),
                                                rule(spaces("monitoring"), ports=["metrics"])]),
                  policy("db", "db", ingress=[rule(pods("api"), ports=[5432])]),
                  policy("out", policyTypes=["Egress"], egress=[
                      rule(pods("db"), side="to", ports=[5432]),
                      rule({**ANY_SPACE, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}, side="to",
                           ports=[UDP, 53])])])
    assert [(one.id, one.severity) for one in found] == [("not-in-the-input", "note")]
    for word in ("ingress-nginx", "monitoring", "k8s-app=kube-dns"):
        assert word in found[0].sentence


def test_the_dns_alone_is_not_worth_a_word() -> None:
    assert ids(*CHART, sends("api", TO_DNS, rule(pods("db"), side="to", ports=[5432]))) == []


@pytest.mark.parametrize("objects", [[namespace("team-a"), namespace("team-b")], []])
def test_policies_before_the_pods_of_their_namespace(objects: list[Any]) -> None:
    found = lint([*objects, pod("web", "team-b"), policy("deny", None, "team-a", policyTypes=["Ingress", "Egress"]),
                  policy("same", None, "team-a", ingress=[rule({"podSelector": {}})]),
                  policy("web", "web", "team-a", ingress=[rule(pods("web"))])], ["unprotected-pods"])
    assert [(one.id, one.severity) for one in found] == [("not-in-the-input", "note")]
    assert "the pods of namespace team-a" in found[0].sentence


def test_a_misspelt_namespace_is_an_error_all_the_same() -> None:
    assert "namespace: shop" in said("wrong-namespace", pod("web", "shop"), policy("web", "web", "shpo", ingress=[]))
    assert "namespace: shop" in said("wrong-namespace", pod("web", "shop"), pod("x"), policy("web", "web", ingress=[]))


@pytest.mark.parametrize("peer", [ANY_SPACE, spaces("kube-system"),
                                  {"namespaceSelector": {"matchLabels": {"name": "kube-system"}}},
                                  {"namespaceSelector": {"matchExpressions": [
                                      {"key": "x", "operator": "DoesNotExist"}]}}])
@pytest.mark.parametrize("port", [UDP, {"port": 53}, {"port": 443}, {"port": 9153}])
def test_ports_of_pods_that_are_not_there_are_not_judged(peer: Any, port: Any) -> None:
    here = [deployment("controller", "ctl", ports=[8080]), deployment("agent", "kube-system", ports=[61678])]
    out = sends("controller", rule(peer, side="to", ports=[port]), TO_DNS, space="ctl")
    assert not {"port-nobody-serves", "service-port", "peer-matches-nothing"} & set(ids(*here, out))


def test_in_a_whole_cluster_they_are() -> None:
    out = sends("controller", rule(ANY_SPACE, side="to", ports=[443]), TO_DNS)
    text = said("port-nobody-serves", pod("controller", ports=[8080]), DNS, out)
    assert "Kubernetes API" in text and "ipBlock" in text


def test_the_api_server_is_allowed_by_its_address() -> None:
    endpoints = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
                 "metadata": {"name": "kubernetes", "labels": {"kubernetes.io/service-name": "kubernetes"}},
                 "ports": [{"name": "https", "port": 6443}], "endpoints": [{"addresses": ["172.18.0.2"]}]}
    api = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "kubernetes"}, "spec": {
        "clusterIP": "10.96.0.1", "ports": [{"name": "https", "port": 443, "targetPort": 6443}]}}
    here = [deployment("controller"), endpoints, api]
    by = {cidr: sends("controller", rule({"ipBlock": {"cidr": cidr}}, side="to", ports=[port]), TO_DNS)
          for cidr, port in (("172.18.0.2/32", 6443), ("10.96.0.1/32", 443))}
    assert ids(*here, by["172.18.0.2/32"]) == []
    assert "ipBlock 172.18.0.2/32, port 6443" in said("block-on-service", *here, by["10.96.0.1/32"])
    assert "kubectl get endpointslices" in said("block-on-service", deployment("controller"), api, by["10.96.0.1/32"])


def test_a_selector_of_pods_that_an_operator_makes_is_a_note() -> None:
    found = hits("selector-matches-nothing", pod("client"), policy("server", "server", ingress=[]),
                 policy("other", "operated", ingress=[]))
    assert [one.severity for one in found] == ["note"], "one sentence for all of a namespace"
    assert "server" in found[0].sentence and "operated" in found[0].sentence


@pytest.mark.parametrize(("wanted", "here", "near"), [
    ("fronted", "frontend", "app=frontend"), ("web", "wbe", "app=wbe"),
    ("cart-service", "cartservice", "app=cartservice"),
    ("team-a", "team-b", ""), ("db-1", "db-2", ""), ("v1", "v2", ""), ("web", "mobile", ""), ("api", "payments", ""),
    ("kube-dns", "node-agent", ""), ("eu", "us", ""), ("prod", "preprod", ""), ("", "web", "")])
def test_only_a_typing_error_is_near(wanted: str, here: str, near: str) -> None:
    found = hits("selector-matches-nothing", pod(here), policy("p", wanted, ingress=[]))[0]
    assert found.severity == ("error" if near else "note")
    assert ("Did you mean" in found.mend) == bool(near) and near in found.mend


@pytest.mark.parametrize(("key", "value", "near"), [
    ("app.kubernetes.io/name", "web", "app=web"), ("component", "true", ""), ("env", "prod", ""), ("size", "1", "")])
def test_the_same_value_under_another_key_is_near_if_it_says_something(key: str, value: str, near: str) -> None:
    labels = {"app": "web", "enabled": "true", "stage": "prod", "shard": "1"}
    found = hits("selector-matches-nothing", pod("web", labels=labels),
                 policy("p", {"matchLabels": {key: value}}, ingress=[]))[0]
    assert found.severity == ("error" if near else "note") and near in found.mend


def test_a_misspelt_key_is_near() -> None:
    exists = {"matchExpressions": [{"key": "comopnent", "operator": "Exists"}]}
    assert "component" in said("selector-matches-nothing", pod("a", labels={"component": "x"}),
                               policy("p", exists, ingress=[]))


def test_a_namespace_without_the_label_that_is_asked_for() -> None:
    here = [namespace("tools"), pod("web"), pod("tool", "tools")]
    text = said("namespace-matches-nothing", *here, policy("p", "web", ingress=[
        rule({"namespaceSelector": {"matchLabels": {"name": "tools"}}})]))
    assert "Did you mean kubernetes.io/metadata.name=tools?" in text


@pytest.mark.parametrize("name", ["monitoring", "team-c"])
def test_a_namespace_that_is_not_there_is_no_misspelling(name: str) -> None:
    here = [namespace("team-a"), namespace("team-b"), pod("web", "team-a"), pod("x", "team-b")]
    assert ids(*here, policy("p", "web", "team-a", ingress=[rule(spaces(name))])) == ["not-in-the-input"]
    whole = [*here, DNS, policy("p", "web", "team-a", ingress=[rule(spaces(name))])]
    assert "no namespace has that" in said("namespace-matches-nothing", *whole)
    assert not hits("not-in-the-input", *whole)


def test_a_peer_that_nobody_fits_is_told_once() -> None:
    found = hits("peer-matches-nothing", pod("a"), pod("b"), policy("p", "a", ingress=[rule(pods("operated"))]),
                 policy("q", "b", ingress=[rule(pods("operated"))]))
    assert len(found) == 1 and found[0].severity == "note"
    assert "default/p" in found[0].sentence and "default/q" in found[0].sentence


def test_an_end_that_cannot_be_seen_stops_nothing() -> None:
    server = policy("server", "server", ingress=[rule(pods("client"), ports=[9090])])
    assert not hits("one-end", pod("client"), sends("client", {}), server)
    assert not hits("one-end", pod("client"), sends("client", rule(pods("server"), side="to")), server)
    assert hits("one-end", pod("client"), pod("server"), sends("client"), server)


# Host network, named ports, default denies

AGENT = pod("agent", "kube-system", host=True, labels={"k8s-app": "agent"}, ports=[61678])


@pytest.mark.parametrize("side", ["to", "from"])
def test_a_peer_that_only_host_network_pods_fit(side: str) -> None:
    peer = {**spaces("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "agent"}}}
    made = (sends("web", rule(peer, side="to", ports=[61678]), TO_DNS) if side == "to"
            else policy("web", "web", ingress=[rule(peer)]))
    text = said("peer-on-host-network", pod("web"), AGENT, made)
    assert "agent fits" in text and "ipBlock" in text and f"opens nothing {side} them" in text
    mixed = pod("agent-2", "kube-system", labels={"k8s-app": "agent"})
    assert not hits("peer-on-host-network", pod("web"), AGENT, mixed, made)


def test_a_whole_namespace_of_which_only_host_network_pods_are_there() -> None:
    out = sends("web", rule(spaces("kube-system"), side="to", ports=[UDP, 53]))
    assert ids(pod("web"), AGENT, out) == ["unprotected-pods"] or not hits(
        "peer-on-host-network", deployment("web"), AGENT, DNS, out)
    assert not hits("peer-on-host-network", pod("web"), {**AGENT, "status": {}}, DNS, out)


def test_a_named_port_opens_nothing_outside() -> None:
    here = [deployment("caller"), deployment("server", ports=[("http", 8080)])]
    assert not hits("open-egress", *here, sends("caller", rule(side="to", ports=["http"])))
    both = said("open-egress", *here, sends("caller", rule(side="to", ports=["http", 443])))
    assert "on TCP 443." in both and "http" not in both
    assert not hits("open-egress", *here, sends("caller", rule({"ipBlock": {"cidr": "0.0.0.0/0"}}, side="to",
                                                               ports=["http"])))
    assert "every port" in said("open-egress", *here, sends("caller", {}))


WEB_FROM_CLIENT = policy("web", "web", ingress=[rule(pods("client"), ports=[8080])])


@pytest.mark.parametrize("deny", [policy("default-deny", policyTypes=["Ingress"]), policy("quiet", ingress=[]),
                                  policy("client-deny", "client", policyTypes=["Ingress"])])
def test_a_deny_is_never_called_redundant(deny: Any) -> None:
    here = [pod("web", ports=[8080]), pod("client"), WEB_FROM_CLIENT, policy("client", "client", ingress=[])]
    assert "redundant-policy" not in ids(*here, deny)


def test_nor_is_a_rule_for_all_pods_or_for_pods_that_come_later() -> None:
    here = [pod("web", ports=[8080]), pod("client"), WEB_FROM_CLIENT]
    for more in (policy("all", ingress=[rule(pods("client"), ports=[8080])]),
                 policy("later", "web", ingress=[rule(pods("operated"))]),
                 policy("away", "web", ingress=[rule({**ANY_SPACE, "podSelector": app("client")})])):
        name = more["metadata"]["name"]
        assert f"default/{name}" not in [one.policy for one in hits("redundant-policy", *here, more)]


# DNS

def test_dual_stack_pods_ask_over_either_family() -> None:
    dns = pod("coredns-1", "kube-system", labels={"k8s-app": "kube-dns"}, ip=("10.1.0.2", "fd00::2"))
    web = pod("web", ip=("10.1.0.3", "fd00::3"))
    for cidr in ("10.1.0.2/32", "fd00::2/128"):
        assert not hits("dns-cut-off", web, dns, sends("web", rule({"ipBlock": {"cidr": cidr}}, side="to")))
    assert hits("dns-cut-off", web, dns, sends("web", rule({"ipBlock": {"cidr": "fd00::9/128"}}, side="to")))


def test_a_namespace_is_told_once_that_it_has_no_dns() -> None:
    names = ("a", "b", "c", "d")
    found = hits("dns-cut-off", *map(pod, names), DNS, *(sends(name, rule(pods("a"), side="to")) for name in names))
    assert len(found) == 1 and "a, b, c and d in default" in found[0].sentence


@pytest.mark.parametrize("config", [{"dnsPolicy": "Default"}, {"dnsPolicy": "None", "dnsConfig": {
    "nameservers": ["203.0.113.53"]}}])
def test_pods_that_ask_other_servers(config: dict[str, Any]) -> None:
    web = deployment("web")
    web["spec"]["template"]["spec"] |= config
    out = sends("web", rule({"ipBlock": {"cidr": "203.0.113.53/32"}}, side="to", ports=[UDP, 53]))
    assert not hits("dns-cut-off", web, DNS, out)
    found = hits("dns-cut-off", web, DNS, sends("web", TO_DNS))
    assert ("203.0.113.53/32" in found[0].mend) if config["dnsPolicy"] == "None" else not found


def test_openshift_answers_elsewhere() -> None:
    label = {"dns.operator.openshift.io/daemonset-dns": "default"}
    dns = pod("dns-default-1", "openshift-dns", labels=label, ports=[("dns", 5353, "UDP"), ("dns-tcp", 5353)])
    peer = {**spaces("openshift-dns"), "podSelector": {"matchLabels": label}}
    good = rule(peer, side="to", ports=[{"protocol": "UDP", "port": 5353}, 5353])
    assert not {"dns-cut-off", "dns-without-tcp"} & set(ids(pod("web"), dns, sends("web", good)))
    assert not hits("dns-cut-off", deployment("web"), sends("web", good)), "it may be that cluster"
    assert "openshift-dns" in said("dns-cut-off", pod("web"), dns, sends("web", TO_DNS))


def test_port_53_of_ones_own_pods_is_no_dns() -> None:
    assert hits("dns-cut-off", deployment("web"), deployment("db"), sends("web", rule(pods("db"), side="to")))
    assert not hits("dns-cut-off", deployment("web"), deployment("db"), sends("web", rule(ANY_SPACE, side="to")))


def node_local(**more: Any) -> Any:
    labels = {"k8s-app": "node-local-dns"}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "node-local-dns",
                                                                       "namespace": "kube-system"},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
                "hostNetwork": True, "containers": [{"name": "node-cache", **more}]}}}}


@pytest.mark.parametrize(("evidence", "address"), [
    (node_local(), "169.254.20.10"), (node_local(args=["-localip", "169.254.30.9,10.96.0.10"]), "169.254.30.9"),
    ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "node-local-dns", "namespace": "kube-system"},
      "data": {}}, "169.254.20.10"),
    (pod("other", labels={}), "")])
def test_the_cache_on_the_node_is_asked_where_there_is_one(evidence: Any, address: str) -> None:
    found = hits("node-local-dns", pod("web"), DNS, evidence, sends("web", TO_DNS))
    assert [address in one.sentence for one in found] == ([True] if address else [])
    if address:
        cache = rule({"ipBlock": {"cidr": f"{address}/32"}}, side="to", ports=[UDP, 53])
        assert not {"node-local-dns", "dns-cut-off"} & set(ids(pod("web"), DNS, evidence, sends("web", cache)))


# Calls that are needed and denied

def tidy(labels: dict[str, str] | None = None, kind: str = "CronJob") -> Any:
    template = {**({"metadata": {"labels": labels}} if labels else {}), "spec": {"containers": [
        {"name": "tidy", "env": [{"name": "DB_ADDR", "value": "mariadb:3306"}]}]}}
    inner = {"jobTemplate": {"metadata": {"labels": {"part": "cron"}}, "spec": {"template": template}}}
    return {"apiVersion": "batch/v1", "kind": kind, "metadata": {"name": "tidy", "labels": {"part": "cron"}},
            "spec": inner if kind == "CronJob" else {"template": template}}


MARIA = [deployment("mariadb", ports=[3306]), deployment("php"), service("mariadb", 3306)]


def from_part(*parts: str, ports: Any = (3306,)) -> Any:
    return policy("mariadb-in", "mariadb", ingress=[rule({"podSelector": {"matchExpressions": [
        {"key": "part", "operator": "In", "values": list(parts)}]}}, ports=ports)])


@pytest.mark.parametrize(("kind", "where"), [("CronJob", "spec.jobTemplate.spec.template"), ("Job", "spec.template")])
def test_a_label_on_the_workload_instead_of_its_pods(kind: str, where: str) -> None:
    text = said("needed-call-denied", *MARIA, tidy(kind=kind), from_part("php", "cron"))
    for word in ("tidy → mariadb TCP 3306", "env DB_ADDR", "default/mariadb-in", "part=cron",
                 f"{where}.metadata.labels"):
        assert word in text
    assert not hits("needed-call-denied", *MARIA, tidy({"part": "cron"}, kind), from_part("php", "cron"))


def test_a_policy_for_a_label_that_only_the_workload_has() -> None:
    text = said("selector-matches-nothing", *MARIA, tidy(), policy("cron-out", {"matchLabels": {"part": "cron"}},
                                                                   policyTypes=["Egress"]))
    assert "spec.jobTemplate.spec.template.metadata.labels" in text


@pytest.mark.parametrize(("made", "words"), [
    (from_part("cron", ports=[3307]), "Write port TCP 3306 in default/mariadb-in spec.ingress[0]."),
    (from_part("php"), "Allow pods with part=cron in default/mariadb-in spec.ingress[0]."),
    (from_part("php", ports=[3307]), "on TCP 3306 in an ingress rule of default/mariadb-in."),
    (policy("deny", ingress=[]), "`python -m helpers suggest` writes such policies."),
    (policy("out", {"matchLabels": {"part": "cron"}}, policyTypes=["Egress"],
            egress=[rule(pods("php"), side="to"), TO_DNS]),
     "Allow pods with app=mariadb in default/out spec.egress[0].")])
def test_how_a_needed_call_is_let_through(made: Any, words: str) -> None:
    assert words in said("needed-call-denied", *MARIA, tidy({"part": "cron"}), made)


def test_one_sentence_for_all_that_a_default_deny_cuts() -> None:
    here = [deployment("db", ports=[5432]), service("db", 5432),
            *(deployment(name, env={"DB_ADDR": "db:5432"}) for name in ("a", "b", "c"))]
    text = said("needed-call-denied", *here, policy("deny", policyTypes=["Ingress"]))
    assert text.startswith("3 calls that the application needs are denied by default/deny")


def test_a_call_that_is_needed_is_not_told_twice() -> None:
    here = [deployment("db", ports=[5432]), service("db", 5432), deployment("web", env={"DB_ADDR": "db:5432"})]
    out = sends("web", rule(pods("db"), side="to", ports=[5432]), TO_DNS)
    found = ids(*here, out, policy("db", "db", ingress=[]))
    assert found == ["needed-call-denied"]


# Members of one workload

def elastic(replicas: int = 2, seeds: str = "elastic-0.elastic:9300", kind: str = "StatefulSet") -> Any:
    item = deployment("elastic", ports=[9200, 9300], env={"SEED_HOSTS": seeds} if seeds else {})
    item["kind"], item["spec"]["replicas"] = kind, replicas
    return item


HEADLESS = service("elastic", 9200, clusterIP="None")
FROM_FLUENT = policy("in", "elastic", ingress=[rule(pods("fluent"), ports=[9200])])


@pytest.mark.parametrize(("workload", "severity"), [
    (elastic(), "warning"), (elastic(seeds=""), "note"), (elastic(1, seeds=""), ""),
    (elastic(3, "elastic:9200", "Deployment"), "warning"), (elastic(3, "", "Deployment"), "")])
def test_members_that_are_cut_off_from_each_other(workload: Any, severity: str) -> None:
    found = hits("members-cut-off", workload, HEADLESS, pod("fluent"), FROM_FLUENT)
    assert [one.severity for one in found] == ([severity] if severity else [])
    for one in found:
        assert "app=elastic" in one.mend and "default/in" in one.sentence
    among = policy("among", "elastic", ingress=[rule(pods("elastic"), ports=[9200, 9300])])
    assert not hits("members-cut-off", workload, HEADLESS, pod("fluent"), FROM_FLUENT, among)


# Other rules at their edges

@pytest.mark.parametrize(("version", "found"), [
    ("extensions/v1beta1", True), ("networking.k8s.io/v1beta1", True), ("networking.k8s.io/v1", False),
    ("crd.projectcalico.org/v1", False)])
def test_old_versions(version: str, found: bool) -> None:
    made = {**policy("p", "a", ingress=[]), "apiVersion": version}
    assert bool(hits("old-api-version", pod("a"), made)) == found


@pytest.mark.parametrize(("ports", "peer", "found"), [
    ([22], (), "SSH"), ([{"port": 20, "endPort": 30}], (), "SSH and Telnet"), ([10250], (ANY_SPACE,), "the kubelet"),
    ([2379], ({"ipBlock": {"cidr": "0.0.0.0/0"}},), "etcd"), (["ssh"], (), "SSH"), ([22], (pods("admin"),), ""),
    ([22], ({"ipBlock": {"cidr": "203.0.113.0/24"}},), ""), ([{"port": 22, "protocol": "UDP"}], (), ""),
    ([8080], (), ""), ([{"port": 1, "endPort": 65535}], (), ""), ([22], ({"podSelector": {}},), "")])
def test_administration_ports(ports: Any, peer: Any, found: str) -> None:
    made = policy("p", "a", ingress=[rule(*peer, ports=ports)])
    text = [one.sentence for one in hits("admin-port-open", pod("a", ports=[("ssh", 22)]), pod("admin"), made)]
    assert [f"({found})" in one for one in text] == ([True] if found else [])


def test_administration_of_the_internet() -> None:
    web = deployment("web")
    assert hits("admin-port-open", web, sends("web", rule({"ipBlock": {"cidr": "0.0.0.0/0"}}, side="to", ports=[22])))
    assert not hits("admin-port-open", web, sends("web", rule(ANY_SPACE, side="to", ports=[6443])))


@pytest.mark.parametrize(("entry", "found"), [
    ({"port": 8000, "endPort": 8999}, False), ({"port": 8000, "endPort": 9000}, True), ({"protocol": "TCP"}, False),
    ({"port": 32768, "endPort": 60999}, False), ({"port": 1, "endPort": 65535}, True)])
def test_wide_ranges(entry: Any, found: bool) -> None:
    assert bool(hits("wide-port-range", pod("a"), policy("p", "a", ingress=[{"ports": [entry]}]))) == found


@pytest.mark.parametrize(("peer", "ports", "found"), [
    ("0.0.0.0/0", (), True), ("169.254.0.0/16", [80], True), ("169.254.169.254/32", [80], False),
    ("0.0.0.0/0", [443], False), ("0.0.0.0/0", [{"port": 1, "endPort": 1024}], True), ("10.0.0.0/8", (), False),
    ("::/0", (), True), ("0.0.0.0/0", [UDP], False), ("0.0.0.0/0", ["http"], False)])
def test_the_metadata_address(peer: str, ports: Any, found: bool) -> None:
    web = deployment("web")
    assert bool(hits("metadata-address", web, sends("web", rule({"ipBlock": {"cidr": peer}}, side="to",
                                                                 ports=ports)))) == found
    left_out = {"ipBlock": {"cidr": peer, "except": ["169.254.169.254/32"]}}
    if found and ":" not in peer:
        live = pod("web", ip="10.0.0.4")
        assert not {"metadata-address", "block-on-pods"} & set(ids(live, sends("web", rule(left_out, side="to",
                                                                                            ports=ports), TO_DNS)))


@pytest.mark.parametrize(("spec", "found"), [
    ({"egress": [TO_DNS]}, True), ({"egress": [TO_DNS], "policyTypes": []}, True), ({"egress": []}, False),
    ({"egress": [TO_DNS], "policyTypes": ["Egress"]}, False), ({"egress": [TO_DNS], "ingress": []}, False),
    ({"ingress": [rule(pods("a"))]}, False)])
def test_types_left_out(spec: Any, found: bool) -> None:
    assert bool(hits("types-left-out", pod("a"), policy("p", "a", **spec))) == found


@pytest.mark.parametrize(("ours", "theirs", "found"), [
    ((), (), True), ([80], (), True), ((), [80], True), ([80], [443], False),
    ([80], [{"port": 1, "endPort": 100}], True), ([80], [{"port": 80, "protocol": "UDP"}], False)])
def test_an_exception_is_undone_where_ports_meet(ours: Any, theirs: Any, found: bool) -> None:
    holed = {"ipBlock": {"cidr": "8.0.0.0/8", "except": ["8.8.0.0/16"]}}
    again = rule({"ipBlock": {"cidr": "8.8.0.0/15"}}, ports=theirs)
    made = policy("p", "a", ingress=[rule(holed, ports=ours), again])
    assert bool(hits("except-undone", pod("a"), made)) == found


def test_a_workload_that_denies_all_its_egress_needs_no_names() -> None:
    assert not hits("dns-cut-off", pod("db"), policy("db", "db", policyTypes=["Egress"]))
    assert hits("dns-cut-off", pod("db"), policy("all", policyTypes=["Egress"]))
