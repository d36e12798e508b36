"""The dashboard, an experiment and a flag, as admins meet them: both colours and a telephone, axe, a quiet console."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.site import Site, manage
from tests.e2e.test_pages import LOOKS, faults_of, watch_console

HISTORY = """
import math, random
from datetime import timedelta
from django.utils import timezone
from apps.accounts.models import User
from apps.analytics.cohorts import form
from apps.analytics.events import Noted, write
from apps.analytics.models import KeptText
from apps.analytics.rollups import roll_up
from apps.documents.models import Document
from tests.analytics.rows import decided, ended

chance, now = random.Random(5), timezone.now()
user, document = User.objects.first(), Document.objects.create(title="Figures")
actions = ("continue", "complete", "grammar", "rewrite", "chat")
for n in range(400):
    at = now - timedelta(minutes=15 * n + 5)
    failed = {"state": "failed", "error_code": chance.choice(["stalled", "provider_timeout"])} if n % 17 == 0 else {}
    first = timedelta(seconds=1.9 - min(1.5, chance.lognormvariate(-1.6, 0.6)))
    made = ended(user, document, at, action=chance.choice(actions), model=f"openai/model-{n % 3}",
        tier=chance.choice(["free", "pro"]), first_token_at=at - first, **failed)
    if not failed and n % 3:
        decided(made, chance.choice(["accepted", "accepted", "edited", "rejected"]), at)
        for age, share in (("1h", 0.94), ("24h", 0.85), ("7d", 0.8)):
            KeptText.objects.create(generation_id=made.pk, age=age, accepted_at=at, action=made.action,
                model=made.model, tier=made.tier, prompt_version=made.prompt_version,
                accepted_characters=100, kept_characters=int(100 * share * chance.uniform(0.9, 1.05)))
    moment, many = at.timestamp(), int(20 + 15 * math.sin(n / 15))
    write([Noted(moment, "socket_opened", "sync")] * 3 + [
        Noted(moment, "socket_closed", "sync", "normal"),
        Noted(moment, "socket_closed", "sync", "lost" if n % 5 == 0 else "normal"),
        Noted(moment, "socket_resumed", "sync"),
        Noted(moment, "live", "sync", "", many), Noted(moment, "live", "assistant", "", many // 2),
        Noted(moment, "live", "streams", "", many // 9),
    ])
roll_up()
form()
"""


@pytest.fixture(scope="module")
def _history(running_site: Site) -> None:
    manage(running_site.web.environment, "shell", "-v0", "-c", HISTORY)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.usefixtures("_history")
def test_analytics_in_the_administration(site: Site, look: str, screenshots: Path) -> None:
    admin = site.admin("Carol", **LOOKS[look])
    page = admin.open("/admin/analytics/generationfigures/?period=24h&action=nothing")
    errors = watch_console(page)
    found: dict[str, list[Any]] = {}
    said: list[str] = []

    def look_at(name: str) -> None:
        page.screenshot(path=screenshots / f"analytics-{name}-{look}.png", full_page=True)
        said.extend(errors)
        found[name] = faults_of(page)
        errors.clear()  # axe copies sheets that import others into elements, which the policy refuses
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[name].append("scrolls sideways")

    page.goto("/admin/analytics/generationfigures/")
    expect(page.get_by_role("heading", name="First token")).to_be_visible()
    look_at("dashboard")
    page.locator("select[name=period]").select_option("30d")
    page.locator("select[name=by]").select_option("model")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("rowheader", name="openai/model-1")).to_be_visible()

    page.goto("/admin/analytics/experiment/add/")
    page.locator("#id_name").fill(f"try-{look}")
    page.locator("#id_action").select_option("shorten")
    page.locator("#id_arms-0-name").fill("to-point")
    page.locator("#id_arms-0-percent").fill("10")
    page.locator("#id_arms-0-prompt_version").fill("shorten-9")
    page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_role("button", name="Save and start").click()
    expect(page.get_by_text("shorten has no prompt shorten-9")).to_be_visible()
    page.locator("#id_arms-0-prompt_version").fill("shorten-2")
    page.get_by_role("button", name="Save and start").click()
    expect(page.get_by_text(f"try-{look} runs.")).to_be_visible()
    look_at("experiment")
    page.get_by_role("button", name="Save and stop").click()
    expect(page.get_by_text("everybody gets the usual again")).to_be_visible()

    page.goto("/admin/analytics/flagrule/add/")
    look_at("flag")
    assert not {name: faults for name, faults in found.items() if faults}
    assert not said
