"""What people and admins do is written down, through the doors they use."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import User
from apps.moderation import audit
from apps.moderation.models import AuditRecord
from apps.quotas.models import Tier
from tests.cast import PASSWORD, browser_of, make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)

JSON = "application/json"


def told(prefix: str = "") -> list[tuple[str, str]]:
    """Return (action, actor's id) of what was written down, oldest first."""
    found = AuditRecord.objects.filter(action__startswith=prefix).order_by("seq")
    return [(one.action, str(one.actor_id or "")) for one in found]


def last(action: str) -> AuditRecord:
    return AuditRecord.objects.filter(action=action).latest("pk")


def make_admin(name: str = "Root") -> User:
    root = make_user(name, verified=True)
    root.is_staff = root.is_superuser = True
    root.save()
    return root


def log_in(browser: Client, email: str, password: str) -> Any:
    return browser.post("/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR="192.0.2.7")


def test_log_ins_and_log_outs_good_and_bad() -> None:
    alice, browser = make_user("Alice", verified=True), Client()
    log_in(browser, "alice@example.com", "wrong")
    log_in(browser, "nobody@example.com", "wrong secret word")
    log_in(browser, "alice@example.com", PASSWORD)
    browser.post("/accounts/logout/")
    assert told("user.") == [
        ("user.log_in_failed", ""),
        ("user.log_in_failed", ""),
        ("user.logged_in", str(alice.pk)),
        ("user.logged_out", str(alice.pk)),
    ]
    failed = AuditRecord.objects.filter(action="user.log_in_failed").order_by("seq")
    assert [one.target_id for one in failed] == [str(alice.pk), ""]
    assert {one.address for one in failed} == {"192.0.2.7"}
    everything = "".join(AuditRecord.objects.values_list("payload", flat=True))
    assert "wrong" not in everything
    assert "example.com" not in everything
    assert list(audit.verify()) == []


def test_a_new_password_and_a_new_address() -> None:
    alice = make_user("Alice", verified=True)
    browser = browser_of(alice)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    new = "a heron waits by the weir"
    browser.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    browser.post("/accounts/email/", {"email": "alice@example.org", "action_add": ""})
    actions = [action for action, _ in told("user.")]
    assert "user.password_changed" in actions
    assert {"user.email_added", "user.email_changed"} & set(actions)
    assert new not in last("user.password_changed").payload


def test_sharing_a_document() -> None:
    alice, bob = make_user("Alice"), make_user("Bob")
    document, browser = make_document(alice, "Herons"), browser_of(alice)
    here = f"/api/v1/documents/{document.pk}"
    browser.post(f"{here}/members/", {"email": bob.email, "role": "editor"}, JSON)
    browser.patch(f"{here}/members/{bob.pk}/", {"role": "viewer"}, JSON)
    browser.delete(f"{here}/members/{bob.pk}/")
    browser.post(f"{here}/members/", {"email": "carol@example.org", "role": "editor"}, JSON)
    browser.delete(f"{here}/invitations/carol@example.org/")
    browser.delete(f"{here}/")
    browser.post(f"{here}/restore")
    browser.delete(f"{here}/?purge=true")
    assert [action for action, _ in told("document.")] == [
        "document.member_added",
        "document.role_changed",
        "document.member_removed",
        "document.invited",
        "document.invitation_withdrawn",
        "document.trashed",
        "document.restored",
        "document.purged",
    ]
    assert {actor for _, actor in told("document.")} == {str(alice.pk)}
    assert audit.detail_of(last("document.role_changed")) == {"user": str(bob.pk), "role": "viewer", "was": "editor"}
    assert {one.target_id for one in AuditRecord.objects.filter(target_kind="document")} == {str(document.pk)}
    assert "Herons" not in "".join(AuditRecord.objects.values_list("payload", flat=True))
    assert list(audit.verify()) == []


def test_what_is_refused_leaves_no_record() -> None:
    alice, bob = make_user("Alice"), make_user("Bob")
    document = make_document(alice, editors=[bob])
    answer = browser_of(bob).delete(f"/api/v1/documents/{document.pk}/members/{alice.pk}/")
    assert answer.status_code == 403
    assert told("document.") == []


def test_api_keys_from_making_to_revoking() -> None:
    alice = make_user("Alice")
    browser = browser_of(alice)
    made = browser.post("/api/v1/api-keys/", {"name": "Export", "scopes": ["documents:read"]}, JSON).json()
    program = Client(headers={"Authorization": f"Bearer {made['key']}"})
    for _ in range(3):
        assert program.get("/api/v1/documents/").status_code == 200
    rotated = browser.post(f"/api/v1/api-keys/{made['id']}/rotate", {"overlap_hours": 0}, JSON).json()
    browser.delete(f"/api/v1/api-keys/{rotated['id']}/")
    actions = ("api_key.made", "api_key.used", "api_key.made", "api_key.rotated", "api_key.revoked")
    assert told("api_key.") == [(action, str(alice.pk)) for action in actions]
    everything = "".join(AuditRecord.objects.values_list("payload", flat=True))
    assert made["key"].split("_")[2] not in everything


def test_what_admins_change() -> None:
    root, alice = make_admin(), make_user("Alice")
    browser = browser_of(root)
    page = f"/admin/accounts/user/{alice.pk}/change/"
    fields = {"email": alice.email, "name": "Alicia", "appearance": "system", "is_active": "on"}
    assert browser.post(page, fields).status_code == 302
    written = last("admin.changed")
    assert (written.actor, written.target_kind, written.target_id) == (root, "accounts.user", str(alice.pk))
    assert audit.detail_of(written) == {"changes": [{"changed": {"fields": ["Name"]}}]}


def test_the_trail_is_searched_and_taken_out_but_not_changed() -> None:
    root, alice = make_admin(), make_user("Alice")
    document = make_document(alice, "Herons")
    browser_of(alice).delete(f"/api/v1/documents/{document.pk}/")
    browser, there = browser_of(root), "/admin/moderation/auditrecord/"
    found = browser.get(there, {"q": str(document.pk), "about": "document"})
    assert "document.trashed" in found.content.decode()
    assert "alice@example.com" in found.content.decode()
    written = last("document.trashed")
    shown = browser.get(f"{there}{written.pk}/change/")
    assert written.hash in shown.content.decode()
    assert browser.get(f"{there}add/").status_code == 403
    assert browser.post(f"{there}{written.pk}/change/", {"action": "x"}).status_code == 403
    assert browser.post(f"{there}{written.pk}/delete/", {"post": "yes"}).status_code == 403
    taken = browser.post(there, {"action": "export_csv", "_selected_action": [written.pk]})
    lines = b"".join(taken.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert "document.trashed" in lines[1]
    assert last("audit.exported").actor == root
    assert list(audit.verify()) == []


def test_only_who_may_see_the_trail_sees_it() -> None:
    clerk = make_user("Clerk")
    clerk.is_staff = True
    clerk.save()
    browser, there = browser_of(clerk), "/admin/moderation/auditrecord/"
    assert browser.get(there).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_auditrecord"))
    assert browser.get(there).status_code == 200


def test_what_admins_set_is_told_from_what_to_what_without_text() -> None:
    root = make_admin()
    tier = Tier.objects.create(name="small", label="Small", tokens_per_day=1_000, price_hint="by the month")
    page = f"/admin/quotas/tier/{tier.pk}/change/"
    fields = {"name": "small", "label": "Little", "rank": "3", "tokens_per_day": "500", "price_hint": "by the year"}
    assert browser_of(root).post(page, fields).status_code == 302
    written = last("admin.changed")
    values = audit.detail_of(written)["values"]
    assert (values["rank"], values["tokens_per_day"]) == ([0, 3], [1_000, 500])
    assert not {"label", "price_hint"} & set(values)
    assert "by the" not in written.payload
