"""The timeline: the policies in their order, what each changed, pictures to save."""

from pathlib import Path

import pytest

from helpers.display.widgets.plan import policies_of
from helpers.display.widgets.timeline import Timeline, from_files, steps_of
from helpers.lab.errors import LabError
from helpers.policies import World
from helpers.policies.application.need import needs

from .scripted import ScriptedCluster

FOLDER = Path(__file__).parents[2] / "notebooks/policies/ingress"
OBJECTS = ScriptedCluster().objects()
NEEDS = tuple(needs(World.of(OBJECTS)))


def steps(*numbers: int):
    files = sorted(FOLDER.glob("*-allow-*.yaml"))
    return steps_of(World.of(OBJECTS), from_files([files[number - 1] for number in numbers]), NEEDS)


def test_each_step_says_what_its_policy_changed():
    none, first, second, third = steps(1, 2, 1)
    assert none.text == "Every pod may call every other."
    assert first.title == "1. shipping-allow-checkout."
    assert first.text == (
        "shippingservice is now isolated for ingress. Broken, though needed: frontend → "
        "shippingservice TCP 50051. 11 calls become denied (1 of them needed)."
    )
    assert second.text == "Works again: frontend → shippingservice TCP 50051. 1 call becomes allowed (needed)."
    assert third.text == "It changed nothing."


def test_the_whole_collection_ends_with_what_the_shop_needs():
    last = steps(*range(1, 18))[-1]
    assert all(last.world.judge("frontend", name, port) for name, port in (("adservice", 9555), ("cartservice", 7070)))
    assert not last.world.judge("adservice", "redis-cart", 6379)


def test_policies_come_in_the_order_of_their_creation():
    cluster = ScriptedCluster(*from_files(sorted(FOLDER.glob("*-allow-*.yaml"), reverse=True)[:3]))
    names = [policy["metadata"]["name"] for policy in policies_of(cluster.objects())]
    assert names == ["frontend-allow-outside", "frontend-allow-loadgenerator", "checkout-allow-frontend"]


def test_the_widget_carries_every_picture_and_text_for_those_without():
    shown = Timeline(steps(1, 2), NEEDS)
    assert shown.step == 2 and len(shown.frames) == 3
    assert all("<svg" in frame["picture"] for frame in shown.frames)
    data, _ = shown._repr_mimebundle_()
    assert "2. shipping-allow-frontend. Works again" in data["text/plain"]
    assert "<svg" in data["text/html"] and "application/vnd.jupyter.widget-view+json" in data


def test_a_step_can_be_saved(tmp_path):
    shown = Timeline(steps(1), NEEDS)
    assert shown.save(tmp_path / "a.svg", 0).read_text().startswith("<svg")
    assert shown.save(tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_files_that_are_not_there_or_not_policies_are_a_sentence(tmp_path):
    with pytest.raises(LabError, match="no file or folder"):
        from_files("nowhere")
    (tmp_path / "bad.yaml").write_text("kind: [")
    with pytest.raises(LabError, match=r"bad.yaml, line 1"):
        from_files(tmp_path)


def test_a_folder_without_a_policy_names_those_that_have_some(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "one.yaml").write_text("")
    with pytest.raises(LabError, match="inner"):
        from_files(tmp_path)
