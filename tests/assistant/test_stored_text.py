"""What people ask the assistant and what it answers is nowhere in clear: not in the database, not in a log."""

from uuid import uuid4

import httpx
import pytest
from django.db import connection

from apps.assistant.models import Command, Conversation, Generation
from apps.assistant.story import EntryChange, change_sheet
from tests.assistant.clients import cookie_of
from tests.assistant.conftest import House
from tests.processes import wait_until

ASKED, ANSWERED, NOTED = "marker-asked-3f1c", "marker-answered-88d0", "marker-noted-c4e7"


def whole_database() -> str:
    """Return all text in the database: every column of every table, as a dump would have it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        rows = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608  (names out of the catalogue)
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows)


def assert_nowhere(house: House, *markers: str) -> None:
    everything = whole_database()
    house.wait_for_logs()
    logs = "".join(child.output() for child in (*house.webs, *house.generators))
    for marker in markers:
        assert marker not in everything, f"{marker} is in the database"
        assert marker.encode().hex() not in everything, f"{marker} is in the database, as bytes"
        assert marker not in logs, f"{marker} is in a log"


def test_a_generation_and_its_decision(house: House) -> None:
    house.provider.behave(text=f"The_{ANSWERED}_waits.")
    alice = house.join(house.alice)
    generation = alice.generate(f"The {ASKED} waited. ", anchor=None)
    assert alice.hear_end(generation)["type"] == "done"
    alice.send({"type": "decide", "id": generation, "decision": "edited", "final_text": f"{ANSWERED}, rather"})
    alice.hear_type("decided")
    stored = Generation.objects.get(pk=generation)
    assert ANSWERED in (stored.text or "")
    assert ASKED in stored.input["text_before"]
    assert_nowhere(house, ASKED, ANSWERED)


@pytest.mark.parametrize("fault", ["400", "500", "html", "malformed", "policy", "reset"])
def test_a_failure_tells_no_log_what_was_asked(house: House, fault: str) -> None:
    house.provider.behave(fault=fault, text=f"The_{ANSWERED}_waits_and_waits_and_waits.", at=3)
    alice = house.join(house.alice)
    generation = alice.generate(f"The {ASKED} waited. ")
    assert alice.hear_end(generation)["type"] == "failed"
    assert_nowhere(house, ASKED, ANSWERED)


def test_bad_frames_and_bad_requests_tell_no_log_what_was_in_them(house: House) -> None:
    alice = house.join(house.alice)
    alice.send({"type": "generate", "id": str(uuid4()), "action": ASKED, "input": {"text_before": ASKED}})
    alice.hear_type("error")
    alice.send(f"no JSON {ASKED}")
    alice.hear_type("error")
    browser = {"Cookie": cookie_of(house.alice)}
    here = f"{house.web.url}/api/v1/documents/{house.document.pk}/generations/"
    answer = httpx.post(here, json={"id": ASKED, "action": ASKED}, headers=browser, timeout=60)
    assert answer.status_code in (400, 403)
    assert_nowhere(house, ASKED)


def test_conversations_commands_and_sheets(house: House) -> None:
    Conversation.objects.create(document=house.document, user=house.alice, title=f"About {ASKED}")
    Command.objects.create(user=house.alice, name="Shorter", prompt=f"Write as {ASKED}.")
    entry = EntryChange(kind="character", name="Anna", note=f"She is {NOTED}.")
    change_sheet(house.alice, house.document.pk, add=[entry], change={}, remove=[])
    wait_until(lambda: NOTED not in whole_database(), what="encryption of the note")
    assert_nowhere(house, ASKED, NOTED)
