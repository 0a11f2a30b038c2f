"""A workbench in a browser, used as a learner does."""

from playwright.sync_api import Locator, expect

PATIENCE = 30_000  # ms for a widget to show itself
PARTS = [
    *(".lab-toolbar", ".lab-unfold", ".lab-cluster .lab-primary:last-child", ".lab-sheets", ".cm-editor"),
    *(".lab-findings", ".lab-tabs", ".lab-in-graph", ".lab-question"),
]
PLACES = """(root, parts) => {
    const origin = root.getBoundingClientRect();
    return Object.fromEntries(parts.map((part) => {
        const at = root.querySelector(part).getBoundingClientRect();
        const numbers = part === ".lab-unfold" ? [at.left - origin.left, at.top - origin.top, at.height]
            : [at.left - origin.left, at.top - origin.top, at.width, at.height];
        return [part, numbers.map(Math.round)];
    }));
}"""


class Workbench:
    """A workbench in a notebook's cell, used as a learner does."""

    def __init__(self, cell: Locator) -> None:
        self.root = cell.locator(".lab-workbench").first
        self.page = cell.page
        self.editor = self.root.locator(".cm-content")
        self.line = self.root.locator(".lab-unfold")
        self.changes = self.root.locator(".lab-changes")
        self.findings = self.root.locator(".lab-findings")
        self.graph = self.root.locator(".lab-graph svg").first
        self.message = self.root.locator(".lab-message")
        expect(self.editor).to_be_visible(timeout=PATIENCE)

    def press(self, name: str) -> None:
        self.root.get_by_role("button", name=name, exact=True).click()

    def tab(self, name: str) -> None:
        self.root.get_by_role("tab", name=name, exact=True).click()

    def choose(self, label: str, value: str) -> None:
        self.root.get_by_label(label, exact=True).select_option(value)

    def places(self) -> dict[str, dict[str, float]]:
        """Where each part stands within the workbench, and how large it is, in whole pixels."""
        return self.root.evaluate(PLACES, PARTS)  # type: ignore[no-any-return]

    def replace(self, old: str, new: str) -> None:
        """Put the cursor behind the first place where `old` stands, delete it, and type `new`."""
        line = self.editor.locator(".cm-line", has_text=old).first
        text = line.inner_text()
        line.click()
        self.page.keyboard.press("Home")
        self.page.keyboard.press("Home")
        for _ in range(text.index(old) + len(old)):
            self.page.keyboard.press("ArrowRight")
        for _ in old:
            self.page.keyboard.press("Backspace")
        self.page.keyboard.type(new)
