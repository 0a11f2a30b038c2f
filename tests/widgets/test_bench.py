"""The workbench without a browser: drafts over a scripted cluster, what would change, apply and take back."""

from pathlib import Path

import pytest
import yaml

from helpers.display.widgets.bench import Bench, Refused
from helpers.policies.application.reach import Call
from helpers.policies.model.addresses import OUTSIDE

from .scripted import ScriptedCluster, shop

INGRESS = sorted((Path(__file__).parents[2] / "notebooks/policies/ingress").glob("*-allow-*.yaml"))


def seed(number: int) -> dict:
    return yaml.safe_load(INGRESS[number - 1].read_text())


def bench(*policies: dict) -> Bench:
    return Bench(ScriptedCluster(*policies))


def scripted(one: Bench) -> ScriptedCluster:
    assert isinstance(one.cluster, ScriptedCluster)
    return one.cluster


def test_it_opens_with_the_clusters_policies_and_nothing_to_do():
    one = bench(seed(1))
    assert [sheet.title for sheet in one.draft.sheets] == ["shipping-allow-checkout"]
    assert not one.proposal.plan and one.proposal.summary() == "The cluster has exactly these policies."


def test_what_would_change_is_known_before_anything_is_applied():
    one = bench()
    one.import_text(INGRESS[0].read_text())
    changes = one.proposal.change
    assert Call("default/frontend[Deployment]", "default/shippingservice[Deployment]", 50051) in changes.broken
    assert len(changes.closed) == 11 and changes.opened == ()  # 11 pods of the shop and coredns, without checkout
    assert "calls become denied (1 of them needed)" in one.proposal.summary()
    assert scripted(one).calls == []


def test_the_seeds_walk_in_the_workbench():
    one = bench()
    one.import_text(INGRESS[0].read_text())
    assert one.apply() == "Applied: create shipping-allow-checkout."
    assert [str(call) for call in one.proposal.broken] == ["frontend → shippingservice TCP 50051"]
    one.import_text(INGRESS[1].read_text())
    assert one.proposal.change.mended == one.proposal.change.opened != ()
    one.apply()
    assert one.proposal.broken == ()
    assert one.take_back() == "Taken back: delete shipping-allow-frontend."
    assert len(one.draft.sheets) == 2, "what a person wrote stays"
    assert one.take_back() == "Taken back: delete shipping-allow-checkout."
    assert not one.can_take_back and scripted(one).stored == {}


def test_the_whole_ingress_collection_breaks_nothing():
    one = bench()
    for path in INGRESS:
        one.import_text(path.read_text())
    assert one.proposal.broken == () and len(one.draft.sheets) == 17
    shop = {call for call in one.proposal.reach.calls if not call.target.startswith("kube-system/")}
    assert shop == one.proposal.reach.stage.needs | {call for call in shop if call.target == OUTSIDE}


def test_half_typed_text_keeps_the_picture_and_cannot_be_applied():
    one = bench()
    one.import_text(INGRESS[0].read_text())
    before = one.proposal.change.closed
    one.type(one.draft.open.text.replace("port: 50051", "port: 5005100"))
    assert one.proposal.change.closed == before
    with pytest.raises(Refused, match=r"Nothing was applied. First mend line \d+ of shipping-allow-checkout.*65535"):
        one.apply()
    assert scripted(one).calls == []


def test_changing_and_removing_policies_plans_the_right_steps():
    one = bench(seed(1), seed(2))
    one.open(one.draft.find("default/shipping-allow-checkout"))
    one.type(one.draft.open.text.replace("50051", "50052"))
    one.remove(one.draft.find("default/shipping-allow-frontend"))
    assert str(one.proposal.plan) == "change shipping-allow-checkout; delete shipping-allow-frontend"
    assert one.proposal.status(one.draft.sheets[0].policies) == "changed"
    one.apply()
    assert scripted(one).calls == ["apply 1", "delete default/shipping-allow-frontend"]
    one.take_back()
    kept = scripted(one).stored
    assert {key: policy["spec"]["ingress"][0]["ports"][0]["port"] for key, policy in kept.items()} == {
        "default/shipping-allow-checkout": 50051,
        "default/shipping-allow-frontend": 50051,
    }


def test_writing_the_same_in_another_way_is_no_change():
    one = bench(seed(1))
    one.type("# the same\n" + one.draft.open.text.replace("- port: 50051", "- {protocol: TCP, port: 50051}"))
    assert not one.proposal.plan


def test_undo_redo_reset():
    one = bench(seed(1))
    one.add_template("deny-all")
    one.reset()
    assert len(one.draft.sheets) == 1
    one.undo()
    assert [sheet.title for sheet in one.draft.sheets] == ["shipping-allow-checkout", "deny-all"]
    one.undo()
    with pytest.raises(Refused, match="nothing to undo"):
        one.undo()
    one.redo()
    one.redo()
    with pytest.raises(Refused, match="nothing to redo"):
        one.redo()


def test_form_and_yaml_are_one_policy():
    one = bench()
    one.add_template("allow-one", "default/shippingservice", "default/checkoutservice")
    assert one.formed.target == "app=shippingservice"
    one.edit_form("peer", "ingress", 0, 0, "app=frontend")
    assert "app: frontend" in one.draft.open.text and one.draft.open.text.startswith("# One caller")
    one.type(one.draft.open.text.replace("app: frontend", "app: adservice"))
    assert one.formed.ingress[0].peers == ("app=adservice",)
    one.undo()
    one.undo()
    assert one.formed.ingress[0].peers == ("app=checkoutservice",)


def test_the_form_says_when_it_cannot_help():
    one = bench()
    with pytest.raises(Refused, match="one policy at a time"):
        one.edit_form("name", "x")
    one.type("kind: [")
    assert one.formed is None
    one.type(INGRESS[0].read_text() + "---\n" + INGRESS[1].read_text())
    assert one.formed is None and len(one.draft.policies) == 2
    one.reset()
    one.add_template("deny-egress")
    with pytest.raises(Refused, match="at least one direction"):
        one.edit_form("direction", "egress", False)


def test_an_imported_policy_takes_the_place_of_the_one_with_its_name():
    one = bench(seed(1))
    assert one.import_text(INGRESS[0].read_text().replace("50051", "1") + "---\n" + INGRESS[1].read_text()) == 2
    assert str(one.proposal.plan) == "create shipping-allow-frontend; change shipping-allow-checkout"


@pytest.mark.parametrize(("text", "said"), [("", "no policy"), ("# a\n", "no policy"), ("a: [", "Line 1: .*YAML")])
def test_importing_nothing_says_so(text, said):
    with pytest.raises(Refused, match=said):
        bench().import_text(text)


def test_a_question_is_answered_for_now_and_then():
    one = bench()
    one.import_text(INGRESS[0].read_text())
    one.ask("default/frontend", "default/shippingservice", "50051")
    now, then = one.proposal.verdicts(one.question)
    assert now.allowed and not then.allowed and then.policies == ("default/shipping-allow-checkout",)
    one.ask(OUTSIDE, "frontend", 8080)
    assert all(one.proposal.verdicts(one.question))
    with pytest.raises(Refused, match="did you mean"):
        one.ask("frontent", "shippingservice", 1)
    with pytest.raises(Refused, match="no port"):
        one.ask("frontend", "shippingservice", 70000)


def test_what_happens_outside_the_workbench_is_followed():
    one = bench(seed(1), seed(3))
    one.add_template("deny-ingress")
    one.cluster.change(INGRESS[1].read_text(), [])  # someone adds one,
    one.cluster.change(INGRESS[0].read_text().replace("50051", "50052"), [])  # changes one,
    one.cluster.change("", ["default/payment-allow-checkout"])  # and deletes one
    one.refresh()
    assert [sheet.title for sheet in one.draft.sheets] == [
        "shipping-allow-checkout",
        "deny-ingress",
        "shipping-allow-frontend",
    ]
    assert "50052" in one.draft.sheets[0].text
    assert str(one.proposal.plan) == "create deny-ingress"


def test_what_a_person_changed_is_not_overwritten_from_outside():
    one = bench(seed(1))
    one.type(one.draft.open.text.replace("50051", "1234"))
    one.cluster.change(INGRESS[0].read_text().replace("50051", "50052"), [])
    one.refresh()
    assert "1234" in one.draft.open.text
    one.cluster.change("", ["default/shipping-allow-checkout"])
    one.refresh()
    assert str(one.proposal.plan) == "create shipping-allow-checkout"


def test_a_failing_cluster_changes_nothing_here():
    one = bench()
    one.import_text(INGRESS[0].read_text())
    scripted(one).error = RuntimeError("the cluster is gone")
    with pytest.raises(RuntimeError, match="gone"):
        one.apply()
    assert not one.can_take_back and one.proposal.plan


def test_where_pods_have_another_network_what_is_shown_is_what_is_applied():
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "far"}, "spec": {"podCIDR": "10.60.0.0/16"}}
    one = Bench(ScriptedCluster(objects=[*shop(), node]))
    one.import_text(INGRESS[-1].read_text())
    (note,) = one.proposal.notes
    assert note.startswith("The pods' network is 10.60.0.0/16 here, as the nodes' podCIDRs say")
    assert "- 10.244.0.0/16" in one.draft.text, "what a person wrote stays"
    one.apply()
    (applied,) = scripted(one).policies()
    assert applied["spec"]["ingress"][0]["from"][0]["ipBlock"]["except"] == ["10.60.0.0/16"]
    assert not one.proposal.plan
    one.add_template("allow-outside", "default/adservice")
    assert "- 10.60.0.0/16" in one.draft.open.text and "10.244" not in one.draft.open.text
