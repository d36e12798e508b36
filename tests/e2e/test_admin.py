"""The administration, as admins meet it: in both colours and on a telephone, by axe, quiet in the console."""

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import expect

from tests.e2e.editor import finished, ready, write
from tests.e2e.site import Site
from tests.e2e.test_pages import LOOKS, faults_of, watch_console

# Two looks that fail: one is tried again, the other was given up.
FAILING = """
INSERT INTO moderation_aftercheck (target_kind, target_id, of, rules, failures, error, not_before) VALUES
    ('document', gen_random_uuid(), now(), 'x', 2, 'provider_unavailable', now() + interval '1 minute'),
    ('generation', gen_random_uuid(), now(), 'x', 30, 'provider_timeout', now())
"""

CUT = "[...document.querySelectorAll('#changelist .results')].some((one) => one.scrollWidth > one.clientWidth)"


@pytest.mark.parametrize("look", LOOKS)
def test_the_administration_is_calm_accessible_and_within_the_policy(site: Site, look: str, screenshots: Path) -> None:
    admin = site.admin("Carol", **LOOKS[look])
    editor = admin.open(site.document(admin))
    ready(editor)
    write(editor, "The heron waits by the weir.")
    editor.keyboard.press("Control+Enter")
    finished(editor)  # a ghost is there before the server has heard of it
    editor.close()
    with psycopg.connect(site.web.environment["DATABASE_URL"], autocommit=True) as database:
        database.execute(FAILING)
    page = admin.open("/admin/")
    errors = watch_console(page)
    pages = {
        "index": "/admin/",
        "people": "/admin/accounts/user/?q=carol",
        "person": "/admin/accounts/user/add/",
        "tiers": "/admin/quotas/tier/",
        "tier": "/admin/quotas/tier/1/change/",
        "generations": "/admin/assistant/generation/",
        "usage": "/admin/quotas/account/",
        "rules": "/admin/moderation/rule/",
        "rule": "/admin/moderation/rule/add/",
        "verdicts": "/admin/moderation/verdict/",
        "held": "/admin/moderation/heldrequest/",
        "afterwards": "/admin/moderation/aftercheck/",
        "policies": "/admin/moderation/policyversion/",
        "policy": "/admin/moderation/policyversion/add/",
        "routes": "/admin/llm/route/",
        "route": "/admin/llm/route/add/",
        "price": "/admin/llm/price/add/",
        "exception": "/admin/quotas/override/add/",
        "pools": "/admin/quotas/teampool/",
        "pool": "/admin/quotas/teampool/add/",
        "ledger": "/admin/quotas/entry/",
        "live": "/admin/assistant/liveusage/",
        "team": "/admin/teams/team/add/",
    }
    found: dict[str, list[Any]] = {}
    said: list[str] = []

    def look_at(name: str) -> None:
        page.screenshot(path=screenshots / f"admin-{name}-{look}.png", full_page=True)
        said.extend(errors)
        found[name] = faults_of(page)
        errors.clear()  # axe copies sheets that import others into elements, which the policy refuses
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[name].append("scrolls sideways")
        if name == "afterwards" and look != "narrow" and page.evaluate(CUT):
            found[name].append("its last column is cut")

    for name, path in pages.items():
        page.goto(path)
        look_at(name)
    page.goto(pages["generations"])
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("link", name="Read, giving a reason").click()
    expect(page.get_by_label("Reason")).to_be_visible()
    look_at("reason")
    page.get_by_label("Reason").fill("Looking at what this page looks like.")
    page.get_by_role("button", name="Read the transcript").click()
    expect(page.get_by_text("The heron waits by the weir.").first).to_be_visible()
    look_at("transcript")
    page.goto("/admin/moderation/auditrecord/")
    look_at("audit")
    page.locator("#result_list tbody a").first.click()
    page.wait_for_url("**/change/**")
    look_at("record")
    assert not {name: faults for name, faults in found.items() if faults}
    assert not said


def test_live_usage_shows_by_itself_what_is_asked(site: Site) -> None:
    admin = site.admin("Carol")
    index, page = admin.open("/admin/"), admin.open("/admin/assistant/liveusage/")
    errors, others = watch_console(index), watch_console(page)
    requests = index.locator(".live dd").nth(2)
    expect(requests).to_have_text(re.compile(r"^[\d,]+$"))
    before = requests.inner_text()
    writer = admin.open(site.document(admin))
    ready(writer)
    write(writer, "The heron waits by the weir.")
    writer.keyboard.press("Control+Enter")
    finished(writer)
    page.bring_to_front()
    expect(page.get_by_role("row", name=re.compile(re.escape(admin.email))).first).to_be_visible(timeout=30_000)
    index.bring_to_front()
    expect(requests).not_to_have_text(before, timeout=30_000)
    assert not errors
    assert not others
