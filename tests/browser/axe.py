"""axe on a page that is open in the browser."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

_RUN = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"], preload: false });
  const told = (rule) => rule.nodes.map((node) => [rule.id, node.target.join(" "), node.failureSummary]);
  return found.violations.flatMap(told);
}"""


def violations(page: Page) -> list[tuple[str, str, str]]:
    """Return rule, element and what is wrong of every violation; the page's context must bypass the CSP."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    return [(rule, target, " ".join(why.split())) for rule, target, why in page.evaluate(_RUN)]
