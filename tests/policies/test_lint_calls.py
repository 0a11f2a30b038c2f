"""Peers, DNS, needed calls, members and single rules: where the linter was wrong, and neighbours of that."""

from __future__ import annotations

from typing import Any

import pytest

from .build import app, deployment, pod, pods, policy, rule, service, spaces
from .linted import ANY_SPACE, DNS, TO_DNS, UDP, hits, ids, said, sends

# Host network, named ports, default denies

AGENT = pod("agent", "kube-system", host=True, labels={"k8s-app": "agent"}, ports=[61678])


@pytest.mark.parametrize("side", ["to", "from"])
def test_a_peer_that_only_host_network_pods_fit(side: str) -> None:
    peer = {**spaces("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "agent"}}}
    made = (
        sends("web", rule(peer, side="to", ports=[61678]), TO_DNS)
        if side == "to"
        else policy("web", "web", ingress=[rule(peer)])
    )
    text = said("peer-on-host-network", pod("web"), AGENT, made)
    assert "agent fits" in text and "ipBlock" in text and f"opens nothing {side} them" in text
    mixed = pod("agent-2", "kube-system", labels={"k8s-app": "agent"})
    assert not hits("peer-on-host-network", pod("web"), AGENT, mixed, made)


def test_a_whole_namespace_of_which_only_host_network_pods_are_there() -> None:
    out = sends("web", rule(spaces("kube-system"), side="to", ports=[UDP, 53]))
    assert ids(pod("web"), AGENT, out) == ["unprotected-pods"] or not hits(
        "peer-on-host-network", deployment("web"), AGENT, DNS, out
    )
    assert not hits("peer-on-host-network", pod("web"), {**AGENT, "status": {}}, DNS, out)


def test_a_named_port_opens_nothing_outside() -> None:
    here = [deployment("caller"), deployment("server", ports=[("http", 8080)])]
    assert not hits("open-egress", *here, sends("caller", rule(side="to", ports=["http"])))
    both = said("open-egress", *here, sends("caller", rule(side="to", ports=["http", 443])))
    assert "on TCP 443." in both and "http" not in both
    assert not hits(
        "open-egress", *here, sends("caller", rule({"ipBlock": {"cidr": "0.0.0.0/0"}}, side="to", ports=["http"]))
    )
    assert not hits("open-egress", *here, sends("caller", rule(side="to", ports=[UDP, 53])))
    assert hits("open-egress", *here, sends("caller", rule(side="to", ports=[{"port": 53, "endPort": 54}])))
    assert hits("open-egress", *here, sends("caller", rule(side="to", ports=[{"port": 52, "endPort": 53}])))
    assert "every port" in said("open-egress", *here, sends("caller", {}))


WEB_FROM_CLIENT = policy("web", "web", ingress=[rule(pods("client"), ports=[8080])])


@pytest.mark.parametrize(
    "deny",
    [
        policy("default-deny", policyTypes=["Ingress"]),
        policy("quiet", ingress=[]),
        policy("client-deny", "client", policyTypes=["Ingress"]),
    ],
)
def test_a_deny_is_never_called_redundant(deny: Any) -> None:
    here = [pod("web", ports=[8080]), pod("client"), WEB_FROM_CLIENT, policy("client", "client", ingress=[])]
    assert "redundant-policy" not in ids(*here, deny)


def test_nor_is_a_rule_for_all_pods_or_for_pods_that_come_later() -> None:
    here = [pod("web", ports=[8080]), pod("client"), WEB_FROM_CLIENT]
    for more in (
        policy("all", ingress=[rule(pods("client"), ports=[8080])]),
        policy("later", "web", ingress=[rule(pods("operated"))]),
        policy("away", "web", ingress=[rule({**ANY_SPACE, "podSelector": app("client")})]),
    ):
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


@pytest.mark.parametrize(
    "config", [{"dnsPolicy": "Default"}, {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["203.0.113.53"]}}]
)
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
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "node-local-dns", "namespace": "kube-system"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"hostNetwork": True, "containers": [{"name": "node-cache", **more}]},
            },
        },
    }


@pytest.mark.parametrize(
    ("evidence", "address"),
    [
        (node_local(), "169.254.20.10"),
        (node_local(args=["-localip", "169.254.30.9,10.96.0.10"]), "169.254.30.9"),
        (
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "node-local-dns", "namespace": "kube-system"},
                "data": {},
            },
            "169.254.20.10",
        ),
        (pod("other", labels={}), ""),
    ],
)
def test_the_cache_on_the_node_is_asked_where_there_is_one(evidence: Any, address: str) -> None:
    found = hits("node-local-dns", pod("web"), DNS, evidence, sends("web", TO_DNS))
    assert [address in one.sentence for one in found] == ([True] if address else [])
    if address:
        cache = rule({"ipBlock": {"cidr": f"{address}/32"}}, side="to", ports=[UDP, 53])
        assert not {"node-local-dns", "dns-cut-off"} & set(ids(pod("web"), DNS, evidence, sends("web", cache)))


# Calls that are needed and denied


def tidy(labels: dict[str, str] | None = None, kind: str = "CronJob") -> Any:
    template = {
        **({"metadata": {"labels": labels}} if labels else {}),
        "spec": {"containers": [{"name": "tidy", "env": [{"name": "DB_ADDR", "value": "mariadb:3306"}]}]},
    }
    inner = {"jobTemplate": {"metadata": {"labels": {"part": "cron"}}, "spec": {"template": template}}}
    return {
        "apiVersion": "batch/v1",
        "kind": kind,
        "metadata": {"name": "tidy", "labels": {"part": "cron"}},
        "spec": inner if kind == "CronJob" else {"template": template},
    }


MARIA = [deployment("mariadb", ports=[3306, 3307]), deployment("php"), service("mariadb", 3306)]


def from_part(*parts: str, ports: Any = (3306,)) -> Any:
    return policy(
        "mariadb-in",
        "mariadb",
        ingress=[
            rule(
                {"podSelector": {"matchExpressions": [{"key": "part", "operator": "In", "values": list(parts)}]}},
                ports=ports,
            )
        ],
    )


@pytest.mark.parametrize(("kind", "where"), [("CronJob", "spec.jobTemplate.spec.template"), ("Job", "spec.template")])
def test_a_label_on_the_workload_instead_of_its_pods(kind: str, where: str) -> None:
    text = said("needed-call-denied", *MARIA, tidy(kind=kind), from_part("php", "cron"))
    for word in (
        "tidy → mariadb TCP 3306",
        "env DB_ADDR",
        "default/mariadb-in",
        "part=cron",
        f"{where}.metadata.labels",
    ):
        assert word in text
    assert not hits("needed-call-denied", *MARIA, tidy({"part": "cron"}, kind), from_part("php", "cron"))


def test_a_policy_for_a_label_that_only_the_workload_has() -> None:
    text = said(
        "selector-matches-nothing",
        *MARIA,
        tidy(),
        policy("cron-out", {"matchLabels": {"part": "cron"}}, policyTypes=["Egress"]),
    )
    assert "spec.jobTemplate.spec.template.metadata.labels" in text


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (from_part("cron", ports=[3307]), "Write port TCP 3306 in default/mariadb-in spec.ingress[0]."),
        (from_part("php"), "Allow pods with part=cron in default/mariadb-in spec.ingress[0]."),
        (from_part("php", ports=[3307]), "on TCP 3306 in an ingress rule of default/mariadb-in."),
        (policy("deny", ingress=[]), "`python -m helpers suggest` writes such policies."),
        (
            policy(
                "out",
                {"matchLabels": {"part": "cron"}},
                policyTypes=["Egress"],
                egress=[rule(pods("php"), side="to"), TO_DNS],
            ),
            "Allow pods with app=mariadb in default/out spec.egress[0].",
        ),
    ],
)
def test_how_a_needed_call_is_let_through(made: Any, words: str) -> None:
    assert words in said("needed-call-denied", *MARIA, tidy({"part": "cron"}), made)


def test_one_sentence_for_all_that_a_default_deny_cuts() -> None:
    here = [
        deployment("db", ports=[5432]),
        service("db", 5432),
        *(deployment(name, env={"DB_ADDR": "db:5432"}) for name in ("a", "b", "c")),
    ]
    text = said("needed-call-denied", *here, policy("deny", policyTypes=["Ingress"]))
    assert text.startswith("3 calls that the application needs are denied by default/deny")


def test_a_call_that_is_needed_is_not_told_twice() -> None:
    here = [deployment("db", ports=[5432]), service("db", 5432), deployment("web", env={"DB_ADDR": "db:5432"})]
    out = sends("web", rule(pods("db"), side="to", ports=[5432]), TO_DNS)
    found = ids(*here, out, policy("db", "db", ingress=[]))
    assert found == ["needed-call-denied"]


def test_a_wrong_port_is_told_where_it_stands_and_not_again_as_a_call() -> None:
    here = [deployment("mail", ports=[8080]), service("mail", 5000, 8080), deployment("web", env={"MAIL": "mail:5000"})]
    assert ids(*here, policy("mail", "mail", ingress=[rule(pods("web"), ports=[5000])])) == ["service-port"]
    both = ids(*here, policy("mail", "mail", ingress=[rule(pods("shop"), ports=[5000])]))
    assert {"needed-call-denied", "service-port"} <= set(both)


# Members of one workload


def elastic(replicas: int = 2, seeds: str = "elastic-0.elastic:9300", kind: str = "StatefulSet") -> Any:
    item = deployment("elastic", ports=[9200, 9300], env={"SEED_HOSTS": seeds} if seeds else {})
    item["kind"], item["spec"]["replicas"] = kind, replicas
    return item


HEADLESS = service("elastic", 9200, clusterIP="None")
FROM_FLUENT = policy("in", "elastic", ingress=[rule(pods("fluent"), ports=[9200])])


@pytest.mark.parametrize(
    ("workload", "severity"),
    [
        (elastic(), "warning"),
        (elastic(seeds=""), "note"),
        (elastic(1, seeds=""), ""),
        (elastic(3, "elastic:9200", "Deployment"), "warning"),
        (elastic(3, "", "Deployment"), ""),
    ],
)
def test_members_that_are_cut_off_from_each_other(workload: Any, severity: str) -> None:
    found = hits("members-cut-off", workload, HEADLESS, pod("fluent"), FROM_FLUENT)
    assert [one.severity for one in found] == ([severity] if severity else [])
    for one in found:
        assert "app=elastic" in one.mend and "default/in" in one.sentence
    assert not hits("needed-call-denied", workload, HEADLESS, pod("fluent"), FROM_FLUENT)
    among = policy("among", "elastic", ingress=[rule(pods("elastic"), ports=[9200, 9300])])
    assert not hits("members-cut-off", workload, HEADLESS, pod("fluent"), FROM_FLUENT, among)


def test_a_workload_that_denies_all_its_egress_needs_no_names() -> None:
    assert not hits("dns-cut-off", pod("db"), policy("db", "db", policyTypes=["Egress"]))
    assert hits("dns-cut-off", pod("db"), policy("all", policyTypes=["Egress"]))


def test_the_policy_that_speaks_of_dns_is_the_one_to_mend() -> None:
    web, rest = pod("web"), rule(pods("web"), side="to", ports=[8080])
    found = hits(
        "node-local-dns",
        web,
        DNS,
        node_local(),
        policy("a", "web", policyTypes=["Egress"]),
        policy("b", "web", policyTypes=["Egress"], egress=[rest]),
        sends("web", TO_DNS),
    )
    assert [one.policy for one in found] == ["default/web-out"]
    cut = hits(
        "dns-cut-off",
        web,
        DNS,
        policy("a", "web", policyTypes=["Egress"]),
        policy("b", "web", policyTypes=["Egress"], egress=[rest]),
    )
    assert [one.policy for one in cut] == ["default/b"]


def test_a_call_to_an_address_that_is_denied() -> None:
    web = deployment("web", env={"UPSTREAM": "203.0.113.9:443"})
    text = said("needed-call-denied", web, sends("web", rule(pods("db"), side="to", ports=[5432]), TO_DNS))
    assert "web → 203.0.113.9 TCP 443" in text and "ipBlock 203.0.113.9/32" in text


def test_the_other_end_lets_something_else_pass() -> None:
    out = sends("a", rule(pods("b"), side="to", ports=[8080]), TO_DNS)
    here = [pod("a"), pod("b", ports=[("http", 8080)])]
    for entry, stopped in (
        ({"protocol": "SCTP"}, True),
        ({"port": 80}, True),
        ("http", False),
        ({"port": 8000, "endPort": 8080}, False),
    ):
        into = policy("in", "b", ingress=[rule(pods("a"), ports=[entry])])
        assert bool(hits("one-end", *here, out, into)) == stopped, entry
    named = sends("a", rule(pods("b"), side="to", ports=["http"]), TO_DNS)
    assert not hits("one-end", *here, named, policy("in", "b", ingress=[rule(pods("a"), ports=[8080])]))
    assert hits("one-end", *here, named, policy("in", "b", ingress=[rule(pods("a"), ports=[8081])]))


def test_the_other_end_is_told_from_either_side() -> None:
    here = [pod("a"), pod("b", ports=[8080]), pod("c", labels={"app": "a"})]
    into = policy("in", "b", ingress=[rule(pods("a"), ports=[8080])])
    text = said("one-end", *here, into, sends("a", TO_DNS))
    assert "ingress from default/a and 1 more" in text and "Add an egress rule for default/a" in text
    only = said("one-end", *here[:2], sends("a", rule(pods("b"), side="to"), TO_DNS), policy("in", "b", ingress=[]))
    assert "egress to default/b, and the ingress policies there (default/in)" in only
    assert not hits(
        "one-end", pod("a"), policy("p", "a", ingress=[rule(pods("a"))], egress=[], policyTypes=["Ingress", "Egress"])
    ), "a pod reaches itself"


def test_only_the_gravest_form_of_what_is_one_mend_is_told() -> None:
    found = ids(*MARIA, tidy(), from_part("cron"))
    assert "needed-call-denied" in found and "peer-matches-nothing" not in found


def test_a_label_of_the_job_template_alone() -> None:
    item = tidy()
    del item["metadata"]["labels"]
    text = said("needed-call-denied", *MARIA, item, from_part("php", "cron"))
    assert "part=cron is on its Job template, not on the pods of default/tidy: put it into" in text


def test_the_workload_of_a_running_pod_is_asked_too() -> None:
    owner = {"ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "tidy", "controller": True}]}
    live = pod("tidy-x", labels={}, **owner)
    live["spec"] = tidy(kind="Job")["spec"]["template"]["spec"]
    assert "spec.template.metadata.labels" in said(
        "needed-call-denied", *MARIA, live, tidy(kind="Job"), from_part("php", "cron")
    )


def test_long_lists_are_cut() -> None:
    here = [
        deployment("db", ports=[5432]),
        service("db", 5432),
        *(deployment(name, env={"DB_ADDR": "db:5432"}) for name in "abcde"),
    ]
    text = said("needed-call-denied", *here, policy("deny", policyTypes=["Ingress"]))
    assert "a → db" in text and "c → db" in text and "d → db" not in text and "and 2 more" in text
