"""Settings, appearance and social log-ins."""

import httpx
import pytest
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import FIRST_ADMIN_EMAIL, create_first_admin
from tests.cast import PASSWORD, browser_of, make_user
from tests.processes import Processes

pytestmark = pytest.mark.django_db


def test_a_name_can_be_changed() -> None:
    alice = make_user("Alice")
    browser_of(alice).post("/settings/", {"name": "Alicia"})
    assert User.objects.get(pk=alice.pk).name == "Alicia"


def test_too_long_a_name_is_refused() -> None:
    alice = make_user("Alice")
    answer = browser_of(alice).post("/settings/", {"name": "x" * 121})
    assert answer.status_code == 400
    assert User.objects.get(pk=alice.pk).name == "Alice"


def test_settings_are_for_people_who_are_logged_in(client: Client) -> None:
    assert client.get("/settings/")["Location"].startswith("/accounts/login/")


def test_a_visitor_keeps_dark_colours(client: Client) -> None:
    assert "data-theme" not in _opening_tag(client)
    answer = client.post("/settings/appearance/", {"appearance": "dark", "next": "/accounts/login/"})
    assert answer["Location"] == "/accounts/login/"
    assert 'data-theme="dark"' in _opening_tag(client)


def test_a_person_keeps_dark_colours_in_every_browser() -> None:
    alice = make_user("Alice")
    browser_of(alice).post("/settings/appearance/", {"appearance": "dark"})
    assert 'data-theme="dark"' in _opening_tag(browser_of(alice), "/documents/")


def test_it_refuses_other_colours_and_other_sites(client: Client) -> None:
    assert client.post("/settings/appearance/", {"appearance": "pink"}).status_code == 400
    answer = client.post("/settings/appearance/", {"appearance": "dark", "next": "//elsewhere.example/"})
    assert answer["Location"] == "/"


def _opening_tag(browser: Client, path: str = "/") -> str:
    return browser.get(path).content.decode().partition("<head>")[0]


def test_the_first_start_makes_one_administrator(client: Client) -> None:
    made = create_first_admin()
    assert made is not None
    email, password = made
    assert email == FIRST_ADMIN_EMAIL
    assert create_first_admin() is None
    client.post("/accounts/login/", {"login": email, "password": password})
    assert client.get("/admin/").status_code == 200


def test_an_administrator_finds_people(client: Client) -> None:
    make_user("Alice")
    root = User.objects.create_superuser("root@example.com", "x")
    browser = browser_of(root)
    assert "alice@example.com" in browser.get("/admin/accounts/user/?q=ali").content.decode()
    assert browser.get("/admin/accounts/user/add/").status_code == 200
    made = browser.post(
        "/admin/accounts/user/add/",
        {
            "email": "new@example.com",
            "usable_password": "true",
            "password1": "correct horse 9",
            "password2": "correct horse 9",
        },
    )
    assert made.status_code == 302
    assert User.objects.get(email="new@example.com").check_password(PASSWORD)


def test_social_log_ins_are_offered_only_when_configured(client: Client, processes: Processes) -> None:
    assert "Continue with" not in client.get("/accounts/login/").content.decode()
    web = processes.web(
        GITHUB_CLIENT_ID="id",
        GITHUB_CLIENT_SECRET="secret",
        OIDC_CLIENT_ID="id",
        OIDC_CLIENT_SECRET="secret",
        OIDC_SERVER_URL="https://login.example/realm",
        OIDC_NAME="Our university",
    )
    answer = httpx.get(web.url + "/accounts/signup/", timeout=60)
    assert "Continue with GitHub" in answer.text
    assert "Continue with Our university" in answer.text
    assert "Google" not in answer.text
    assert "form-action 'self' https://github.com https://login.example;" in answer.headers["Content-Security-Policy"]
    asked = httpx.get(web.url + "/accounts/github/login/", timeout=60)
    assert asked.status_code == 200  # asks first: a link on another site must not log anybody in
    assert "GitHub" in asked.text
