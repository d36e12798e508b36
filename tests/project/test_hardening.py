"""What browsers are told on every page, and that no page needs more than that."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.test import Client

from tests.cast import browser_of, make_document, make_user
from tests.processes import ROOT
from tests.project.test_tenancy import patterns

pytestmark = pytest.mark.django_db


class Inline(HTMLParser):
    """Collects what a strict policy forbids: inline scripts and styles, handlers, remote parts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        inert = given.get("type") in ("application/json", "importmap", "text/template")
        if tag == "script" and "src" not in given and not inert:
            self.found.append("inline script")
        if tag == "style" or "style" in given:
            self.found.append(f"inline style on {tag}")
        self.found += [f"{name} on {tag}" for name in given if name.startswith("on")]
        loads = given.get("src") or (given.get("href") if tag == "link" else "") or ""
        if re.match(r"(https?:)?//", loads):
            self.found.append(f"{tag} from elsewhere: {loads}")
        if (given.get("href") or "").lower().startswith(("javascript:", "data:")):
            self.found.append(f"{tag} that runs")


def every_page(client: Client, values: dict[str, str]) -> dict[str, Any]:
    """Return the answers of all routes that are pages, by path."""
    answers = {}
    for route in sorted(set(patterns())):
        if route.startswith("api/v1/") and "docs" not in route:
            continue
        if "logout" in route or "^" in route or "(?P" in route:
            continue
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values.get(match[1], values["id"]), route)
        answers[path] = client.get(path)
    return answers


def test_every_page_forbids_the_inline_and_the_remote_and_has_none() -> None:
    root = make_user("Root", verified=True)
    root.is_staff = root.is_superuser = True
    root.save()
    document = make_document(root, "Herons")
    values = {"document_id": str(document.pk), "id": str(root.pk), "object_id": str(root.pk), "pk": "1"}
    seen_by_both = [*every_page(browser_of(root), values).items(), *every_page(Client(), values).items()]
    shown = 0
    for path, answer in seen_by_both:
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy, path
        assert "default-src 'none'" in policy, path
        assert "script-src 'self'" in policy, path
        assert answer["X-Content-Type-Options"] == "nosniff", path
        # A share link's own page tells its address to nobody at all: it opens what it leads to.
        allowed = ("no-referrer", "same-origin") if path.startswith("/s/") else ("same-origin",)
        assert answer["Referrer-Policy"] in allowed, path
        assert answer["X-Frame-Options"] == "DENY", path
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", path
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert "camera=()" in answer["Permissions-Policy"], path
        if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
            shown += 1
            page = Inline()
            page.feed(answer.content.decode())
            assert page.found == [], path
    assert shown > 50


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites() -> None:
    make_user("Alice", verified=True)
    browser = Client()
    browser.post("/accounts/login/", {"login": "alice@example.com", "password": "correct horse 9"})
    session = next(cookie for name, cookie in browser.cookies.items() if name.startswith("sessionid"))
    assert session["httponly"]
    assert session["samesite"] == "Lax"


def run_in_production(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "DEBUG": "0",
        "SECRET_KEY": "a-long-one-" + "x7Qp" * 15,
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "write.example.org",
        "EMAIL_URL": "smtp://localhost:25",
    }
    return subprocess.run(
        [sys.executable, "-W", "ignore", "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_djangos_own_check_of_a_deployment_finds_nothing() -> None:
    checked = run_in_production("check", "--deploy", "--fail-level", "INFO")
    assert checked.returncode == 0, checked.stderr
    assert "WARNING" not in checked.stderr.upper()


def test_cookies_need_tls_in_production() -> None:
    names = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS")
    code = f"from django.conf import settings; print([bool(getattr(settings, name)) for name in {names!r}])"
    shown = run_in_production("shell", "--no-imports", "-c", code)
    assert "[True, True, True, True]" in shown.stdout, shown.stderr
