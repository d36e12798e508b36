"""What staff see of the figures: the dashboard, its file and REST; nobody else does."""

import csv
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from apps.accounts.api_keys import create_key
from apps.accounts.models import User
from apps.analytics.cohorts import form
from apps.analytics.events import Noted, write
from apps.analytics.models import KeptText, RolledHour
from apps.analytics.rollups import roll_up
from apps.analytics.tables import TABLES
from apps.assistant.models import State
from apps.documents.models import Document
from apps.moderation.models import AuditRecord
from tests.analytics.rows import decided, ended, someone

pytestmark = pytest.mark.django_db

DASHBOARD = "/admin/analytics/generationfigures/"


def staff(*permissions: str) -> Client:
    user = User.objects.create(email="staff@example.org", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def read_csv(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))


def history() -> None:
    user, document, now = someone(), Document.objects.create(), timezone.now()
    for hours in range(1, 48):
        at = now - timedelta(hours=hours)
        model = "openai/slow" if hours % 3 == 0 else "openai/test"
        state = {"state": State.FAILED, "error_code": "stalled"} if hours % 10 == 0 else {}
        generation = ended(user, document, at, model=model, **state)
        if hours % 2 and not state:
            decided(generation, "accepted", at)
    KeptText.objects.create(
        generation_id=generation.pk,
        age="1h",
        accepted_at=now - timedelta(hours=2),
        action="continue",
        model="openai/test",
        prompt_version="continue-2",
        accepted_characters=200,
        kept_characters=150,
    )
    roll_up()
    form()


def test_the_dashboard_says_what_happened_and_filters_it() -> None:
    history()
    client = staff("view_dashboard")
    page = client.get(DASHBOARD).content.decode()
    for title in ("First token", "Tokens per second", "Failures by code", "Kept text", "Live at once", "Who stays"):
        assert title in page
    assert "stalled" in page
    assert "75 %" in page
    assert "Edited after accepting" in page
    only = client.get(DASHBOARD, {"model": "openai/slow", "by": "model", "period": "30d"}).content.decode()
    assert '<th scope="row">openai/slow</th>' in only
    assert '<th scope="row">openai/test</th>' not in only


def test_before_anything_has_happened_it_says_so() -> None:
    assert "Nothing has happened in this time" in staff("view_dashboard").get(DASHBOARD).content.decode()


def test_the_file_has_every_figure_and_the_trail_says_who_took_it() -> None:
    history()
    rows = read_csv(staff("view_dashboard").get(DASHBOARD + "answers.csv", {"period": "7d"}))
    assert sum(int(row["answers"]) for row in rows) == 47
    assert {row["model"] for row in rows} == {"openai/slow", "openai/test"}
    assert AuditRecord.objects.filter(action="analytics.exported").exists()


def test_rest_says_the_same() -> None:
    history()
    answer = staff("view_dashboard").get("/api/v1/analytics/figures", {"period": "7d", "by": "model"}).json()
    assert answer["totals"]["answers"] == 47
    assert answer["totals"]["first_token_ms_p50"] == pytest.approx(250, rel=0.045)
    assert {row["model"]: row["answers"] for row in answer["breakdown"]} == {"openai/test": 32, "openai/slow": 15}


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_to_be_had_as_a_file_and_over_rest(table: str) -> None:
    history()
    write([Noted(timezone.now().timestamp() - 7_200, "socket_closed", "sync", "lost")])
    RolledHour.objects.update(is_stale=True)
    roll_up()
    client = staff("view_dashboard")
    in_admin = read_csv(client.get(f"{DASHBOARD}{table}.csv", {"period": "7d"}))
    assert in_admin
    assert list(in_admin[0]) == list(TABLES[table].columns)
    assert read_csv(client.get(f"/api/v1/analytics/files/{table}", {"period": "7d"})) == in_admin
    if table != "answers":
        rows = client.get(f"/api/v1/analytics/{table}", {"period": "7d"}).json()
        assert len(rows) == len(in_admin)
        assert set(rows[0]) == set(TABLES[table].columns)


def test_what_the_tables_say() -> None:
    history()
    client, there = staff("view_dashboard"), "/api/v1/analytics/"
    [kept] = client.get(there + "kept-text").json()
    assert (kept["age"], kept["kept_share"], kept["answers"], kept["untouched_answers"]) == ("1h", 0.75, 1, 0)
    failed = [row for row in client.get(there + "events").json() if row["kind"] == "error"]
    assert {row["code"] for row in failed} == {"stalled"}
    assert sum(row["events"] for row in failed) == 4
    assert client.get(there + "cohorts").json()[0]["people"] == 1
    assert client.get(there + "figures", {"period": "2y"}).status_code == 400


def test_programs_read_it_with_the_scope_and_a_persons_permission() -> None:
    history()
    permitted = User.objects.create(email="analyst@example.org", is_staff=True)
    permitted.user_permissions.set(Permission.objects.filter(codename="view_dashboard"))
    nobody = someone()

    def status(person: User, *scopes: str) -> int:
        _, key = create_key(person, name="Figures", scopes=scopes)
        program = Client(headers={"Authorization": f"Bearer {key}"})
        return program.get("/api/v1/analytics/figures").status_code

    assert status(permitted, "analytics:read") == 200
    assert status(permitted, "documents:read", "documents:write", "assistant") == 403
    assert status(nobody, "analytics:read") == 403
    browser = Client()
    browser.force_login(nobody)
    assert "Read the analytics" not in browser.get("/settings/api-keys/").content.decode()
    browser.force_login(permitted)
    assert "Read the analytics" in browser.get("/settings/api-keys/").content.decode()


@pytest.mark.parametrize(
    "path",
    [
        *(DASHBOARD, DASHBOARD + "answers.csv"),
        *(f"/api/v1/analytics/{name}" for name in ("figures", "events", "kept-text", "cohorts", "experiments")),
        *(f"/api/v1/analytics/files/{name}" for name in TABLES),
    ],
)
def test_nobody_else_sees_it(path: str) -> None:
    assert staff().get(path).status_code in (403, 404)
    person = Client()
    person.force_login(someone())
    assert person.get(path).status_code in (302, 403, 404)
    assert Client().get(path).status_code in (302, 401, 404)
