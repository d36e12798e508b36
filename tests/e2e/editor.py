"""What tests do and see on the editor page, in the words of a writer."""

from playwright.sync_api import Locator, Page, expect

PATIENT_MS = 60_000  # after a few failed attempts a page tries less often to reach the server


def text_box(page: Page) -> Locator:
    return page.locator(".ProseMirror")


def status(page: Page) -> Locator:
    return page.locator("#status")


def ready(page: Page) -> None:
    """Wait until the document can be written in and is in step with the server."""
    expect(text_box(page)).to_be_visible()
    saved(page)


def write(page: Page, text: str) -> None:
    """Type at the end of the text."""
    text_box(page).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def saved(page: Page) -> None:
    expect(status(page)).to_have_text("Saved", timeout=PATIENT_MS)


def text_of(page: Page) -> str:
    """Return the document's own text: blocks joined by newlines, without carets of others and ghost text."""
    return str(
        page.evaluate(
            """() => [...document.querySelectorAll('.ProseMirror > *')].map((block) => {
                const copy = block.cloneNode(true)
                for (const foreign of copy.querySelectorAll('.ghost, .remote-caret')) foreign.remove()
                return copy.textContent.replaceAll('\\u2060', '')
            }).join('\\n')"""
        )
    )


def ghost(page: Page) -> Locator:
    return page.locator(".ghost")


def ghost_text(page: Page) -> str:
    """Return the words of the proposal, without the tag beside them."""
    return str(
        page.evaluate(
            """() => {
                const copy = document.querySelector('.ghost')?.cloneNode(true)
                for (const tag of copy?.querySelectorAll('.ghost-tag') ?? []) tag.remove()
                return copy?.textContent.trimEnd() ?? ''
            }"""
        )
    )


def finished(page: Page) -> None:
    """Wait until the assistant has written its proposal to the end."""
    expect(page.locator("#announcements")).to_contain_text("Tab to accept", timeout=PATIENT_MS)
