"""The form and the YAML are two faces of one policy: what the form shows, edits, and leaves alone."""

import copy
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.display.widgets import commented, form, templates, yamltext
from helpers.display.widgets.surroundings import Surroundings
from helpers.policies import World, validate
from helpers.policies.model.naming import telling_labels

ROOT = Path(__file__).parents[2]
COLLECTION = sorted((ROOT / "notebooks/policies").rglob("*.yaml"))


def deployment(name, port=None, namespace="default", port_name="grpc", **labels):
    ports = [{"name": port_name, "containerPort": port}] if port else []
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "template": {
                "metadata": {"labels": labels or {"app": name}},
                "spec": {"containers": [{"name": "server", "ports": ports}]},
            }
        },
    }


WORLD = World.of(
    [
        deployment("frontend", 8080, port_name="http"),
        deployment("shippingservice", 50051),
        deployment("loadgenerator"),
        deployment("coredns", 53, namespace="kube-system", port_name="dns", **{"k8s-app": "kube-dns"}),
    ]
)
AROUND = Surroundings.of(WORLD)
POLICY = yaml.safe_load((ROOT / "notebooks/policies/ingress/01-shipping-allow-checkout.yaml").read_text())


def test_the_form_shows_what_the_policy_says():
    shown = form.form_of(POLICY)
    assert shown.name == "shipping-allow-checkout" and shown.namespace == "default"
    assert shown.target == "app=shippingservice" and shown.egress is None
    assert shown.ingress == (form.RuleForm(("app=checkoutservice",), (form.Port("TCP", "50051"),)),)


@pytest.mark.parametrize("path", COLLECTION, ids=lambda path: path.stem)
def test_every_policy_of_the_course_has_a_form(path):
    for policy in yaml.safe_load_all(path.read_text()):
        shown = form.form_of(policy)
        assert shown.name == policy["metadata"]["name"]
        assert form.form_of(yaml.safe_load(yamltext.write(policy))) == shown


@pytest.mark.parametrize(
    ("peer", "said"),
    [
        ({"podSelector": {}}, "all"),
        ({"podSelector": {"matchLabels": {"app": "x", "tier": "y"}}}, "app=x,tier=y"),
        ({"namespaceSelector": {}}, "all@*"),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "tools"}}}, "all@tools"),
        (
            {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "x"}}},
            "app.kubernetes.io/name=x@*",
        ),
        (
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            },
            "k8s-app=kube-dns@kube-system",
        ),
        ({"ipBlock": {"cidr": "192.0.2.0/24"}}, "cidr:192.0.2.0/24"),
    ],
)
def test_a_peer_and_its_choice_are_two_ways_of_saying_one_thing(peer, said):
    assert form.choice(peer) == said
    assert form.peer_of(said) == peer


@pytest.mark.parametrize(
    "peer",
    [
        {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}},
        {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}},
        {"namespaceSelector": {"matchLabels": {"team": "a"}}},
        {"namespaceSelector": {}, "podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}},
    ],
)
def test_what_the_form_cannot_show_is_kept_as_written(peer):
    assert form.choice(peer) == "kept"
    policy = copy.deepcopy(POLICY)
    policy["spec"]["ingress"][0]["from"].append(peer)
    edited = form.edit(policy, "peer", "ingress", 0, 0, "app=frontend")
    assert edited["spec"]["ingress"][0]["from"] == [{"podSelector": {"matchLabels": {"app": "frontend"}}}, peer]
    with pytest.raises(ValueError, match="names no labels"):
        form.peer_of("kept")


def test_a_seed_policy_is_written_by_clicking():
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "x"}, "spec": {}}
    for step in (
        ("name", "shipping-allow-checkout"),
        ("namespace", "default"),
        ("target", "app=shippingservice"),
        ("add-rule", "ingress"),
        ("peer", "ingress", 0, 0, "app=checkoutservice"),
        ("add-port", "ingress", 0),
        ("port", "ingress", 0, 0, "50051"),
    ):
        policy = form.edit(policy, *step)
    assert yamltext.with_defaults(policy) == yamltext.with_defaults(POLICY)


def test_edits_leave_the_policy_they_start_from_alone():
    before = copy.deepcopy(POLICY)
    for step in (
        ("remove-rule", "ingress", 0),
        ("add-peer", "ingress", 0),
        ("remove-port", "ingress", 0, 0),
        ("direction", "egress", True),
        ("port", "ingress", 0, 0, "grpc"),
        ("protocol", "ingress", 0, 0, "UDP"),
    ):
        form.edit(POLICY, *step)
        assert before == POLICY


def test_the_last_peer_or_port_leaves_no_empty_list_behind():
    bare = form.edit(form.edit(POLICY, "remove-peer", "ingress", 0, 0), "remove-port", "ingress", 0, 0)
    assert bare["spec"]["ingress"] == [{}]


def test_a_direction_is_switched_on_and_off():
    both = form.edit(POLICY, "direction", "egress", True)
    assert both["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert form.form_of(both).egress == ()
    only = form.edit(both, "direction", "ingress", False)
    assert only["spec"]["policyTypes"] == ["Egress"] and "ingress" not in only["spec"]
    with pytest.raises(ValueError, match="at least one direction"):
        form.edit(only, "direction", "egress", False)


def test_a_port_may_be_a_number_a_name_or_all():
    assert form.edit(POLICY, "port", "ingress", 0, 0, "grpc")["spec"]["ingress"][0]["ports"] == [{"port": "grpc"}]
    assert form.edit(POLICY, "port", "ingress", 0, 0, " ")["spec"]["ingress"][0]["ports"] == [{}]


PEERS = st.sampled_from(["all", "app=x", "all@*", "all@tools", "app=x@tools", "cidr:10.0.0.0/8"])
STEPS = st.one_of(
    st.tuples(st.just("add-rule"), st.sampled_from(["ingress", "egress"])),
    st.tuples(st.just("direction"), st.sampled_from(["ingress", "egress"]), st.booleans()),
    st.tuples(st.just("peer"), st.sampled_from(["ingress", "egress"]), st.integers(0, 1), st.integers(0, 1), PEERS),
    st.tuples(st.just("add-port"), st.sampled_from(["ingress", "egress"]), st.integers(0, 1)),
    st.tuples(st.just("target"), st.sampled_from(["all", "app=shippingservice"])),
)


@given(st.lists(STEPS, max_size=8))
def test_whatever_is_clicked_the_api_server_accepts_it_and_yaml_gives_the_form_back(steps):
    policy = copy.deepcopy(POLICY)
    for step in steps:
        try:
            policy = form.edit(policy, *step)
        except (ValueError, IndexError, KeyError):
            continue
    assert validate(policy) == []
    assert form.form_of(yaml.safe_load(yamltext.write(policy))) == form.form_of(policy)


COMMENTED = """\
# top
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: "shipping"  # the name
  # about labels
  labels: {a: b}
spec:
  podSelector:
    matchLabels:
      app: shippingservice  # who
  policyTypes: [Ingress]
  ingress:
    # first rule
    - from:
        - podSelector:
            matchLabels:
              app: frontend  # caller one
        # second caller
        - podSelector:
            matchLabels:
              app: adservice
      ports:
        - port: 50051  # grpc, not "http"
    # second rule
    - from:
        - namespaceSelector: {}
# end
"""


def comments(text):
    return sorted(re.findall(r"#.*$", text, re.MULTILINE))


REMOVALS = st.one_of(
    st.tuples(st.just("remove-rule"), st.just("ingress"), st.integers(0, 1)),
    st.tuples(
        st.sampled_from(["remove-peer", "remove-port"]), st.just("ingress"), st.integers(0, 1), st.integers(0, 1)
    ),
    st.tuples(st.just("name"), st.just("other")),
)


@given(steps=st.lists(STEPS | REMOVALS, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_whatever_is_clicked_every_comment_stays(steps):
    text = COMMENTED
    for step in steps:
        policy = yamltext.read(text).documents[0].value
        try:
            changed = form.edit(policy, *step)
        except (ValueError, IndexError, KeyError):
            continue
        text = commented.rewritten(text, changed, yamltext.write(changed))
        assert yaml.safe_load(text) == changed and comments(text) == comments(COMMENTED)


def test_an_edit_changes_its_own_line_alone():
    policy = yamltext.read(COMMENTED).documents[0].value
    text = commented.rewritten(COMMENTED, form.edit(policy, "peer", "ingress", 0, 0, "app=cartservice"), "")
    before, after = COMMENTED.splitlines(), text.splitlines()
    changed = [new.split() for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [["app:", "cartservice", "#", "caller", "one"]]


def test_a_comment_of_what_is_taken_away_stands_before_what_came_next():
    policy = yamltext.read(COMMENTED).documents[0].value
    text = commented.rewritten(COMMENTED, form.edit(policy, "remove-rule", "ingress", 0), "")
    lines = [line.strip() for line in text.splitlines()]
    assert lines.index("# second caller") in range(lines.index("ingress:"), lines.index("- namespaceSelector: {}"))


@pytest.mark.parametrize("template", templates.TEMPLATES, ids=lambda one: one.id)
def test_every_template_is_a_policy_that_the_api_server_accepts(template):
    text = templates.text(template.id, AROUND, "shippingservice", "frontend")
    (policy,) = yamltext.read(text).policies
    assert text.startswith(f"# {template.comment}\n") and form.form_of(policy).namespace == "default"


def test_templates_say_the_pods_port_and_a_free_name():
    text = templates.text("allow-one", AROUND, "shippingservice", "frontend", taken=["shipping-allow-frontend"])
    (policy,) = yamltext.read(text).policies
    assert policy["metadata"]["name"] == "shipping-allow-frontend-2"
    world = WORLD.replace_policies([policy])
    assert world.judge("frontend", "shippingservice", 50051)
    assert not world.judge("loadgenerator", "shippingservice", 50051)


def test_the_dns_template_lets_dns_through_and_nothing_else():
    dns = yamltext.read(templates.text("allow-dns", AROUND)).policies
    world = WORLD.replace_policies(dns)
    for protocol in ("UDP", "TCP"):
        assert world.judge("frontend", "kube-system/coredns", 53, protocol)
    assert not world.judge("frontend", "shippingservice", 50051)


def test_templates_need_no_cluster():
    for template in templates.TEMPLATES:
        assert yamltext.read(templates.text(template.id, Surroundings())).sound


def test_the_surroundings_are_what_the_cluster_has():
    assert [workload.name for workload in AROUND.within("default")] == ["frontend", "loadgenerator", "shippingservice"]
    assert AROUND.namespaces == ("default", "kube-system")
    assert [one.name for one in AROUND.selected("default", {"matchLabels": {"app": "frontend"}})] == ["frontend"]
    assert ["50051", "TCP of shippingservice"] in AROUND.words["values"]["port"]
    assert ["frontend", "label in default"] in AROUND.words["values"]["app"]


def test_a_workload_is_named_by_its_telling_label():
    assert telling_labels({"tier": "a", "app": "x", "pod-template-hash": "1"}) == {"app": "x"}
    assert telling_labels({"tier": "a", "role": "b", "pod-template-hash": "1"}) == {"tier": "a", "role": "b"}
    assert telling_labels({}) == {}
