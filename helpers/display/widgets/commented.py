"""Edits of YAML that keep its comments, quotes and layout: what an edit doesn't touch stays as it was written."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from helpers.policies.reading.yamltext import BadYaml, load

_COMMENT = re.compile(r"""(?:^|\s)(#[^\n]*)$""")


def rewritten(text: str, value: Mapping[str, Any], otherwise: str) -> str:
    """The one document of a text, saying `value` and keeping every comment.

    Comments of what is taken away stand before what came next. `otherwise` says `value` too: it gets the comments
    where the text's own layout can't be kept.
    """
    try:
        tool = _tool(text)
        node = tool.load(text)
        _merge(node, value)
        out = io.StringIO()
        tool.dump(node, out)
        found = _with_lost_comments(text, out.getvalue())
        if load(found) == [value]:
            return found
    except (YAMLError, BadYaml, ValueError, TypeError, AttributeError, AssertionError):
        pass
    return _with_lost_comments(text, otherwise)


def _tool(text: str) -> YAML:
    """A reader and writer that indents as the text does."""
    tool = YAML()
    tool.preserve_quotes = True
    tool.width = 100_000
    dash = re.search(r"^( *)[^\s#-][^\n]*:[ ]*(?:#[^\n]*)?\n(?:[ ]*(?:#[^\n]*)?\n)*( *)- ", text, re.MULTILINE)
    offset = max(len(dash[2]) - len(dash[1]), 0) if dash else 0
    step = re.search(r"^[^\s#-][^\n]*:[ ]*\n( +)[^\s#-]", text, re.MULTILINE)
    tool.indent(mapping=len(step[1]) if step else 2, sequence=offset + 2, offset=offset)
    return tool


def _merge(node: Any, value: Any) -> None:
    """Change a mapping or list that was read so that it says `value`, touching only what differs."""
    if isinstance(value, dict):
        for key in [key for key in node if key not in value]:
            del node[key]
        for key, wanted in value.items():
            if key in node and _same(node[key], wanted):
                continue
            before = node.get(key)
            node[key] = _merged(before, wanted)
            if isinstance(before, dict | list) and node[key] is not before:
                node.ca.items.pop(key, None)  # there is no room for those of a whole block
    else:
        for tag, first, last, start, end in reversed(_differences(node, value)):
            if tag == "equal":
                continue
            kept = min(last - first, end - start)
            for place in range(kept):
                node[first + place] = _merged(node[first + place], value[start + place])
            del node[first + kept : last]
            for place in range(start + kept, end):
                node.insert(first + place - start, value[place])


def _merged(node: Any, wanted: Any) -> Any:
    """The node itself, changed, where both are mappings or lists with something in them; else what is wanted."""
    for kind in (dict, list):
        if isinstance(node, kind) and isinstance(wanted, kind) and node and wanted:
            _merge(node, wanted)
            return node
    return wanted


def _same(node: Any, value: Any) -> bool:
    return bool(node == value and isinstance(node, bool) == isinstance(value, bool))


def _differences(node: Sequence[Any], value: Sequence[Any]) -> Sequence[tuple[str, int, int, int, int]]:
    """How to make one list into the other, as difflib gives it."""
    before, after = [repr(_plain(item)) for item in node], [repr(_plain(item)) for item in value]
    return difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    return [_plain(item) for item in node] if isinstance(node, list) else node


def _with_lost_comments(before: str, after: str) -> str:
    """The text `after`, with the comments of `before` that it hasn't: each before the line that came next."""
    old, new = before.splitlines(), after.splitlines()
    bare_old, bare_new = _bare(old), _bare(new)
    blocks = difflib.SequenceMatcher(None, bare_old, bare_new, autojunk=False).get_matching_blocks()
    pairs = ((block.a + step, block.b + step) for block in blocks for step in range(block.size))
    stayed = {line: where for line, where in pairs if bare_old[line]}
    for place, comment in reversed(list(_lost(old, new))):
        at = next((stayed[line] for line in range(place, len(old)) if line in stayed), len(new))
        indent = re.match(r" *", new[at])[0] if at < len(new) else ""  # type: ignore[index]
        new.insert(at, indent + comment)
        stayed = {line: where + (where >= at) for line, where in stayed.items()}
    return "\n".join(new) + "\n"


def _bare(lines: Sequence[str]) -> list[str]:
    return [_COMMENT.sub("", line).rstrip() for line in lines]


def _lost(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The comments that the new lines don't have, with their old place."""
    left = [found[1] for line in new if (found := _COMMENT.search(line))]
    for place, line in enumerate(old):
        found = _COMMENT.search(line)
        if found is None:
            continue
        if found[1] in left:
            left.remove(found[1])
        else:
            yield place, found[1]
