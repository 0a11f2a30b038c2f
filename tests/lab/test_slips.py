"""Cells that can't work are told so in one line, before they run; others are left as they are."""

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from helpers.lab.cluster import kubectl
from helpers.lab.course import slips

POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: a\n"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (f"!kubectl apply -f -\n{POLICY}", "`%%kubectl apply -f -`: two percent signs, in the first line"),
        (f"%kubectl create -f -\n{POLICY}", "`%%kubectl create -f -`"),
        (f"print(1)\n%%kubectl apply -f -\n{POLICY}", "has to be the first line"),
        (POLICY, "Put `%%kubectl apply -f -` in front"),
        (f"# mine\n---\n{POLICY}", "Put `%%kubectl apply -f -` in front"),
        ("!kubectl edit networkpolicy a", "opens an editor, and a cell has none"),
        ("%kubectl -n default edit networkpolicy a", "opens an editor"),
    ],
)
def test_a_slip_is_told_in_one_line(cell: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        slips.heed(cell.splitlines(keepends=True))
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "cell",
    [
        f"%%kubectl apply -f -\n{POLICY}",
        "!kubectl get pods\nkind = 1\n",
        f'text = """\n{POLICY}"""\n',
        f"%%writefile a.yaml\n{POLICY}",
        "",
        "# only a comment\n",
        "credit = 'kubectl edit'\n",
    ],
)
def test_other_cells_stay_as_they_are(cell: str) -> None:
    lines = cell.splitlines(keepends=True)
    assert slips.heed(lines) == lines


def test_a_comment_above_the_magic_does_no_harm() -> None:
    lines = f"\n# my policy\n%%kubectl apply -f -\n{POLICY}".splitlines(keepends=True)
    assert slips.heed(lines)[0] == "%%kubectl apply -f -\n"


def test_ipython_shows_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell.instance()
    slips.load(shell)
    slips.load(shell)
    try:
        assert shell.run_cell(f"!kubectl apply -f -\n{POLICY}").success is False
        assert "two percent signs" in capsys.readouterr().err
    finally:
        InteractiveShell.clear_instance()


@pytest.mark.parametrize(("key", "said"), [("kind", "three dashes"), ("app", "each with a dash and a `podSelector`")])
def test_a_key_that_stands_twice_gets_its_own_advice(key: str, said: str) -> None:
    words = f'error: error parsing STDIN: error converting YAML to JSON: yaml: line 9: key "{key}" already set in map'
    assert said in kubectl.explain(["apply", "-f", "-"], words, magic=True)
