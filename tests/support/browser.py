"""A headless Chromium for tests, and the few things that one does in JupyterLab."""

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from support.course import ROOT
from support.jupyter import Server

SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)


@contextmanager
def browser_page(
    *, width: int = 1280, height: int = 900, dark: bool = False, fonts: tuple[str, Path] | None = None
) -> Iterator[Page]:
    """A page in a fresh browser. With a family and its folder as `fonts` it knows no other ones.

    Skips the test where no Chromium is installed.
    """
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    arguments = [*sandbox, "--disable-dev-shm-usage"]
    with knowing(fonts) as environment, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments, env=environment)
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        try:
            yield context.new_page()
        finally:
            context.close()
            browser.close()


@contextmanager
def knowing(fonts: tuple[str, Path] | None) -> Iterator[dict[str, str | float | bool]]:
    """The environment of a program that knows one family of fonts; all of the machine's without one."""
    if fonts is None:
        yield dict(os.environ)
        return
    family, folder = fonts
    with tempfile.TemporaryDirectory(prefix="fonts-") as place:
        aliases = "".join(
            f"<alias binding='same'><family>{name}</family><prefer><family>{family}</family></prefer></alias>"
            for name in ("Helvetica", "Arial", "sans-serif", "system-ui")
        )
        file = Path(place) / "fonts.conf"
        file.write_text(f"<fontconfig><dir>{folder}</dir><cachedir>{place}</cachedir>{aliases}</fontconfig>", "utf-8")
        yield dict(os.environ, FONTCONFIG_FILE=str(file))


def screenshot(page: Page, name: str) -> None:
    """Keep what the page looks like, under build/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def choose_theme(place: Path, *, dark: bool) -> None:
    """Have pages opened from now on use JupyterLab's light or dark theme."""
    file = place / "settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"theme": f"JupyterLab {'Dark' if dark else 'Light'}"}))


def switch_to_dark(page: Page) -> None:
    """Choose the dark theme in JupyterLab's menu."""
    page.get_by_role("menuitem", name="Settings", exact=True).click()
    page.get_by_text("Theme", exact=True).first.hover()
    page.get_by_text("JupyterLab Dark", exact=True).click()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false")


class Notebook:
    """A notebook in JupyterLab, run cell by cell with the keyboard, as a learner does."""

    def __init__(self, page: Page, server: Server, name: str) -> None:
        self.page = page
        page.goto(server.url(f"lab/tree/{name}?reset"))
        self.panel = page.locator(".jp-NotebookPanel")
        self.cells.first.wait_for(timeout=60_000)
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)

    @property
    def cells(self) -> Locator:
        return self.panel.locator(".jp-Cell")

    def cell(self, text: str) -> Locator:
        """The first code cell whose source contains a text."""
        return self.panel.locator(".jp-CodeCell", has=self.page.locator(".jp-InputArea", has_text=text)).first

    def run(self, cell: Locator, *, timeout: float = 60) -> Locator:
        """Run one cell and wait for its end; returns the cell. `timeout` in seconds."""
        prompt = cell.locator(".jp-InputPrompt")
        self._press(cell, prompt)
        expect(prompt).to_have_text(re.compile(r"\[\d+\]"), timeout=timeout * 1000)
        return cell

    def _press(self, cell: Locator, prompt: Locator) -> None:
        """Press the keys that run a cell; once more if the page, still busy with opening, swallowed them."""
        before = prompt.inner_text()
        for _ in range(3):
            cell.locator(".jp-InputArea-editor").click()
            self.page.keyboard.press("Control+Enter")
            try:
                expect(prompt).not_to_have_text(before, timeout=10_000)
            except AssertionError:
                continue
            return


class Notebook7(Notebook):
    """The same notebook in Notebook 7."""

    def __init__(self, page: Page, server: Server, name: str) -> None:
        self.page = page
        page.goto(server.url(f"notebooks/{name}"))
        self.panel = page.locator(".jp-NotebookPanel")
        self.cells.first.wait_for(timeout=60_000)
        page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(timeout=60_000)
