"""Every page a person meets: reachable, free of accessibility faults, and quiet in the console."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.editor import ready, saved, text_box, write
from tests.e2e.site import PASSWORD, Site
from tests.processes import wait_until

LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}
AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],  # or it describes every element that breaks nothing, too
}

NOTICE = """() => {
    const notice = document.createElement('div')
    notice.className = 'toast'
    notice.append('Your edits were not saved yet. They are kept in this browser.')
    document.getElementById('toasts').append(notice)
}"""


def faults_of(page: Page) -> list[Any]:
    """Return what axe finds against WCAG A and AA: rules, and the elements that break them."""
    found = Axe().run(page, options=AXE_OPTIONS)
    return [(fault["id"], [node["target"] for node in fault["nodes"]]) for fault in found.response["violations"]]


def assert_accessible(page: Page) -> None:
    faults = faults_of(page)
    assert not faults, json.dumps(faults, indent=1)


def watch_console(page: Page) -> list[str]:
    """Return the list that errors of this page will be added to."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    return errors


@pytest.mark.parametrize("look", LOOKS)
def test_pages_before_signing_in(site: Site, look: str, screenshots: Path) -> None:
    page = site.browser.new_context(base_url=site.web.url, **LOOKS[look]).new_page()  # type: ignore[arg-type]
    errors = watch_console(page)
    for name, path in {
        "landing": "/",
        "sign-up": "/accounts/signup/",
        "log-in": "/accounts/login/",
        "reset": "/accounts/password/reset/",
    }.items():
        page.goto(path)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
        page.screenshot(path=screenshots / f"{name}-{look}.png", full_page=True)
    assert not errors
    page.goto("/no-such-page/")
    assert_accessible(page)


@pytest.mark.parametrize("look", LOOKS)
def test_pages_after_signing_in(site: Site, look: str, screenshots: Path) -> None:
    alice = site.person("Alice", **LOOKS[look])
    page = alice.open("/documents/")
    errors = watch_console(page)
    assert_accessible(page)
    page.screenshot(path=screenshots / f"list-empty-{look}.png")
    document = site.document(alice)
    editor = alice.open(document)
    editor_errors = watch_console(editor)
    ready(editor)
    write(editor, "The heron waits by the weir, and the river carries leaves past its feet.")
    editor.keyboard.press("Control+Enter")
    expect(editor.locator(".ghost")).to_be_visible()
    assert_accessible(editor)
    assert editor.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the editor scrolls sideways"
    editor.evaluate(NOTICE)
    expect(editor.locator("#suggestion")).to_be_visible()
    bar, notice = editor.locator("#suggestion").bounding_box(), editor.locator(".toast").bounding_box()
    assert bar is not None
    assert notice is not None
    assert notice["y"] + notice["height"] <= bar["y"], "a notice covers the suggestion's bar"
    editor.screenshot(path=screenshots / f"editor-{look}.png")
    page.reload()
    assert_accessible(page)
    page.get_by_label(re.compile("Actions for")).click()
    page.screenshot(path=screenshots / f"list-{look}.png")
    for name, path in {"settings": "/settings/", "mfa": "/accounts/2fa/", "email": "/accounts/email/"}.items():
        page.goto(path)
        assert_accessible(page)
        page.screenshot(path=screenshots / f"{name}-{look}.png", full_page=True)
    assert not errors
    assert not editor_errors


def test_a_newcomer_signs_up_and_writes(site: Site) -> None:
    page = site.browser.new_context(base_url=site.web.url).new_page()
    page.goto("/")
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label("E-mail address").fill("dana@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/documents/")
    page.get_by_role("button", name="Write the first one").click()
    ready(page)
    page.get_by_label("Title").fill("On herons")
    write(page, "They wait.")
    expect(text_box(page)).to_have_text("They wait.")
    expect(page).to_have_title(re.compile("^On herons "))
    saved(page)

    def is_listed() -> bool:
        page.goto("/documents/")
        return page.get_by_role("link", name="On herons").is_visible()

    wait_until(is_listed, what="the new title in the list")
    page.get_by_label("Actions for On herons").click()
    for kind, suffix in (("Word", "docx"), ("PDF", "pdf"), ("Markdown", "md")):
        with page.expect_download() as saving:
            page.get_by_role("link", name=f"Save as {kind}").click()
        assert saving.value.suggested_filename == f"On herons.{suffix}"
        assert saving.value.path().stat().st_size > 0
