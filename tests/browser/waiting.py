"""Waiting as a person does: for the next page, for an answer in its place, until nothing moves any more.

Playwright's `expect` waits by itself. What acts or reads at once does not: a key that is pressed, `evaluate`,
`content`, `url`. Such a step comes after one of these.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Locator, Page, expect

#: How long anything may take on a busy machine, in milliseconds. Only a test that fails waits for so long.
PATIENCE_MS = 60_000

#: What htmx marks while an answer is on its way or not yet wired up.
_UNDER_WAY = ".htmx-request, .htmx-swapping, .htmx-added, .htmx-settling"

#: Its fonts are there, and nothing fades or moves, but for what moves without an end.
_STILL = """async () => {
  await document.fonts.ready;
  const ends = ({ effect }) => Number.isFinite(effect.getComputedTiming().endTime);
  await Promise.allSettled(document.getAnimations().filter(ends).map(({ finished }) => finished));
}"""


@contextmanager
def next_page(page: Page) -> Iterator[None]:
    """What is done inside leads to another page; at the end that one is loaded, and its scripts have run."""
    page.wait_for_load_state()
    with page.expect_event("load"):
        yield


def follow(target: Locator) -> None:
    """Click a link or a button that leads to another page, and wait for that page."""
    with next_page(target.page):
        target.click()


def answered(page: Page) -> None:
    """Wait until what htmx asked for stands in its place and answers to clicks itself."""
    expect(page.locator(_UNDER_WAY)).to_have_count(0)


def settled(page: Page) -> None:
    """Wait until a page looks as it will stay: loaded, answered, and without movement."""
    page.wait_for_load_state()
    answered(page)
    page.evaluate(_STILL)
