"""A web process whose Redis is away: people come in, invite and write together all the same."""

import re

import httpx
import pytest

from apps.accounts.models import User
from apps.documents.models import Document, Membership, Role
from tests.collaboration.conftest import Cast, cast  # noqa: F401  (a fixture)
from tests.processes import Processes, WebProcess, free_port

PASSWORD = "a heron waits by the weir"
PATIENCE_SECONDS = 20


@pytest.fixture
def web(processes: Processes) -> WebProcess:
    return processes.web(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")


def form_token(page: httpx.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found
    return found[1]


def test_people_log_in_and_invite_and_are_still_counted(web: WebProcess) -> None:
    alice = User.objects.create_user("alice@example.org", password=PASSWORD)
    bob = User.objects.create_user("bob@example.org")
    document = Document.objects.create()
    Membership.objects.create(document=document, user=alice, role=Role.OWNER)
    headers = {"Referer": web.url + "/accounts/login/"}
    with httpx.Client(base_url=web.url, headers=headers, timeout=PATIENCE_SECONDS) as browser:
        token = form_token(browser.get("/accounts/login/"))
        form = {"login": alice.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
        entered = browser.post("/accounts/login/", data=form)
        assert entered.status_code == 302, entered.text
        assert browser.get(f"/documents/{document.pk}/").status_code == 200
        answer = browser.post(
            f"/api/v1/documents/{document.pk}/members/",
            json={"email": bob.email, "role": "editor"},
            headers={"X-CSRFToken": browser.cookies["csrftoken"]},
        )
        assert answer.status_code in (200, 201), answer.text
    assert Membership.objects.filter(document=document, user=bob).exists()
    with httpx.Client(base_url=web.url, headers=headers, timeout=PATIENCE_SECONDS) as stranger:
        form = {
            "login": alice.email,
            "password": "wrong",
            "csrfmiddlewaretoken": form_token(stranger.get("/accounts/login/")),
        }
        refused = [stranger.post("/accounts/login/", data=form) for _ in range(11)]
    assert any("Too many failed" in page.text or page.status_code == 429 for page in refused)


def test_two_people_of_one_process_write_together_and_are_saved(web: WebProcess, cast: Cast) -> None:  # noqa: F811
    with cast.connect(web, cast.alice, ack=True) as alice, cast.connect(web, cast.bob, ack=True) as bob:
        alice.sync()
        bob.sync()
        alice.type("one ")
        bob.listen_until(lambda: bob.text == "one ")
        bob.type("two")
        alice.listen_until(lambda: alice.text == "one two")
        alice.wait_saved(1)
        bob.wait_saved(1)
