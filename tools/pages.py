"""Executed notebooks as pages that stand alone, and the page that lists them: nothing comes from afar."""

from __future__ import annotations

import html
import re
from pathlib import Path

import navigation
import nbformat
from nbconvert import HTMLExporter

STYLE = """
body.jp-Notebook { padding: 0; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
main .jp-Cell { padding: 0 0 0.7rem; }
main .jp-Collapser, main .jp-InputPrompt, main .jp-OutputPrompt { display: none; }
main .jp-Cell-inputWrapper, main .jp-Cell-outputWrapper { margin: 0; }
main .jp-MarkdownOutput, main .jp-OutputArea-child .jp-OutputArea-output { padding: 0; overflow: auto; }
main .jp-RenderedMarkdown > * { max-width: 46rem; }
main .jp-InputArea-editor { border-radius: 3px; }
main .jp-OutputArea-output { margin-top: 0.4rem; }
main .still { border: 1px solid #c9ced4; border-radius: 3px; padding: 6px; }
main .still .lab-editor pre { margin: 0; padding: 6px 8px; border: 1px solid #c9ced4; overflow-x: auto;
  font-family: ui-monospace, monospace; }
"""
INDEX = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title><style>
body {{ max-width: 46rem; margin: 0 auto; padding: 2rem 1rem 4rem; font: 1rem/1.55 system-ui, sans-serif; }}
table {{ border-collapse: collapse; }}
td, th {{ text-align: left; vertical-align: top; padding: 0.35rem 0.8rem 0.35rem 0;
  border-bottom: 1px solid #8a939d55; }}
td:last-child {{ text-align: right; }}
</style></head><body><main><h1>{title}</h1><p>{words}</p>
<table><thead><tr><th>notebook</th><th>what you do</th><th>minutes</th></tr></thead><tbody>
{rows}
</tbody></table></main></body></html>
"""
TITLE = "Network policies on the Hipster Shop"
WORDS = (
    "A hands-on course in Kubernetes network policy. These are its notebooks as they ran from top to bottom, with what "
    "each cell showed; widgets stand still here, and the exercises are unsolved. To do it yourself, run <code>make "
    "lab</code> in a checkout of the course."
)


def write_html(notebook: nbformat.NotebookNode, name: str, folder: Path) -> None:
    """Write one executed notebook; links to other notebooks go to their pages."""
    exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="", mermaid_js_url="")
    notebook.metadata.pop("widgets", None)  # stills stand in their places; a script from afar would draw them
    body, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": name}})
    for path in navigation.course():
        body = body.replace(f'href="{path.name}"', f'href="{path.stem}.html"')
    body = re.sub(r"(<main[^>]*>)", r'\1<p class="jp-RenderedHTMLCommon"><a href="index.html">Contents</a></p>', body)
    body = body.replace("</head>", f"<style>{STYLE}</style></head>", 1)
    (folder / f"{name}.html").write_text(body, "utf-8")


def write_index(paths: list[Path], folder: Path) -> None:
    """Write the page that lists these notebooks."""
    lessons = [navigation.Lesson.read(path) for path in paths]
    rows = "\n".join(
        f'<tr><td><a href="{lesson.path.stem}.html">{lesson.number} {html.escape(lesson.title)}</a>'
        f"{' (optional)' if lesson.optional else ''}</td><td>{html.escape(lesson.about)}</td>"
        f"<td>{lesson.minutes}</td></tr>"
        for lesson in lessons
    )
    (folder / "index.html").write_text(INDEX.format(title=TITLE, words=WORDS, rows=rows), "utf-8")
