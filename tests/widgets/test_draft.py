"""The draft and its undo: values that never change, and steps that match what a person did."""

from helpers.display.widgets.draft import Draft, History

TEXT = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: NAME
spec:
  podSelector: {}
"""


def policy(name: str) -> str:
    return TEXT.replace("NAME", name)


def names(draft: Draft) -> list[str]:
    return [one["metadata"]["name"] for one in draft.policies]


def test_adding_opens_the_new_sheet():
    draft = Draft().add(policy("one")).add(policy("two"))
    assert names(draft) == ["one", "two"]
    assert draft.open is not None and draft.open.title == "two"
    assert draft.text == policy("one") + "---\n" + policy("two")


def test_half_typed_text_keeps_the_newest_sound_one_in_force():
    draft = Draft().add(policy("one")).edit("apiVersion: networking.k8s.io/v1\nkind: Netw")
    assert draft.open is not None and draft.open.text.endswith("Netw")
    assert names(draft) == ["one"]
    assert names(draft.edit(policy("uno"))) == ["uno"]


def test_an_emptied_sheet_holds_no_policy():
    assert names(Draft().add(policy("one")).edit("")) == []


def test_of_two_policies_with_one_key_the_later_counts():
    draft = Draft().add(policy("one"), policy("one").replace("{}", "{matchLabels: {a: b}}"))
    assert [one["spec"]["podSelector"] for one in draft.policies] == [{"matchLabels": {"a": "b"}}]


def test_removing_opens_a_neighbour():
    draft = Draft().add(policy("one"), policy("two"), policy("three")).select(2)
    assert draft.remove(2).open.title == "three"
    assert draft.remove(3).selected == 2
    assert draft.remove(1).remove(2).remove(3).open is None
    assert draft.remove(77) is draft


def test_editing_with_nothing_open_starts_a_sheet():
    assert names(Draft().edit(policy("one"))) == ["one"]


def test_the_draft_of_a_cluster_shows_its_policies():
    live = {"metadata": {"name": "a", "namespace": "ns", "uid": "1"}, "spec": {"podSelector": {}}}
    draft = Draft.of([live])
    assert draft.open.title == "ns/a" and "uid" not in draft.text
    assert draft.find("ns/a") == draft.selected and draft.find("ns/b") is None


def test_undo_and_redo_walk_the_steps():
    history = History(Draft())
    history.do(history.present.add(policy("one")))
    history.do(history.present.add(policy("two")))
    assert history.undo() and names(history.present) == ["one"]
    assert history.undo() and names(history.present) == []
    assert not history.undo()
    assert history.redo() and history.redo() and names(history.present) == ["one", "two"]
    assert not history.redo()


def test_a_new_step_forgets_what_was_undone():
    history = History(Draft())
    history.do(history.present.add(policy("one")))
    history.undo()
    history.do(history.present.add(policy("two")))
    assert not history.redo() and names(history.present) == ["two"]


def test_keystrokes_close_together_are_one_step():
    history = History(Draft().add("a"))
    for now, text in ((0.0, "ab"), (0.4, "abc"), (0.9, "abcd"), (5.0, "abcde")):
        history.type(text, now)
    assert history.undo() and history.present.open.text == "abcd"
    assert history.undo() and history.present.open.text == "a"
    assert not history.undo()


def test_typing_after_an_undo_starts_a_step():
    history = History(Draft().add("a"))
    history.type("ab", 0.0)
    history.undo()
    history.type("ax", 0.2)
    assert not history.redo()
    assert history.undo() and history.present.open.text == "a"


def test_opening_another_sheet_is_no_step_and_ends_the_typing():
    history = History(Draft().add("a", "b"))
    history.type("bc", 0.0)
    history.do(history.present.select(1))
    history.type("ax", 0.1)
    assert [sheet.text for sheet in history.present.sheets] == ["ax", "bc"]
    history.undo()
    assert [sheet.text for sheet in history.present.sheets] == ["a", "bc"]
    history.undo()
    assert [sheet.text for sheet in history.present.sheets] == ["a", "b"]
