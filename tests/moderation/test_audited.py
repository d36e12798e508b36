"""What people and admins do is written down, through the doors they use."""

import ast
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.accounts.models import User
from apps.analytics import trials
from apps.analytics.models import Experiment
from apps.moderation import audit
from apps.moderation.models import AuditRecord, HeldRequest, Rule
from apps.quotas.models import Tier
from tests.cast import PASSWORD, browser_of, make_document, make_user
from tests.processes import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

JSON = "application/json"
OF_A_PROVIDER = {"user.log_in_connected", "user.log_in_disconnected"}  # of log-ins elsewhere: there is none in tests


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


def held_request(user: User) -> HeldRequest:
    document = make_document(user)
    return HeldRequest.objects.create(user=user, document=document, digest="d", request={"action": "custom"})


def test_what_reviewers_read_and_decide() -> None:
    root, alice = make_admin(), make_user("Alice")
    browser, there = browser_of(root), "/admin/moderation/heldrequest/"
    for action, told_as in (("release", "moderation.request_released"), ("refuse", "moderation.request_refused")):
        held = held_request(alice)
        browser.get(f"{there}{held.pk}/change/")
        browser.post(there, {"action": action, "_selected_action": [str(held.pk)], "confirmed": "1"})
        for name in ("moderation.request_read", told_as):
            written = last(name)
            assert (written.actor, written.target_id) == (root, str(held.pk))


def test_copies_that_people_take() -> None:
    alice = make_user("Alice", verified=True)
    document, browser = make_document(alice, "Herons"), browser_of(alice)
    browser.get(f"/api/v1/documents/{document.pk}/provenance/export")
    browser.get("/settings/usage.csv")
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    answer = browser.post("/settings/data/")
    answer.close()
    for name in ("document.exported", "usage.exported", "user.exported"):
        assert last(name).actor == alice


def test_rules_routes_flags_and_experiments_that_admins_set() -> None:
    browser = browser_of(make_admin())
    rule = {"kind": "term", "content": "heron", "action": "block", "direction": "input", "category": "x"}
    flag = {"flag": "assistant.chat", "percent": "100"}
    experiment = {
        **{"name": "try", "action": "shorten", "min_answers": "100", "max_error_share": "0.05"},
        **{"max_slowdown": "1.5", "max_errors_per_minute": "20", "arms-TOTAL_FORMS": "1", "arms-INITIAL_FORMS": "0"},
        **{"arms-0-name": "point", "arms-0-percent": "10", "arms-0-prompt_version": "shorten-2"},
    }
    for kind, fields in (
        ("moderation.rule", rule),
        ("analytics.flagrule", flag),
        ("analytics.experiment", experiment),
    ):
        page = f"/admin/{kind.replace('.', '/')}/"
        answer = browser.post(f"{page}add/", fields)
        assert answer.status_code == 302, answer.context and answer.context["errors"]
        assert last("admin.added").target_kind == kind
    made = Experiment.objects.get()
    trials.start(made)
    assert last("experiment.started").target_id == made.name
    assert trials.stop(made, "Enough.", state=Experiment.State.STOPPED)
    assert last("experiment.stopped").target_id == made.name
    changed = Rule.objects.get()
    page = f"/admin/moderation/rule/{changed.pk}/"
    browser.post(f"{page}change/", {**rule, "action": "flag"})
    assert audit.detail_of(last("admin.changed"))["values"]["action"] == ["block", "flag"]
    browser.post(f"{page}delete/", {"post": "yes"})
    assert last("admin.deleted").target_id == str(changed.pk)


def told_in_the_code() -> set[str]:
    """Return the actions that code tells; of one that is put together, what it begins with."""
    found = set()
    for path in [*ROOT.glob("apps/**/*.py"), *ROOT.glob("project/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and ast.unparse(node.func) in ("tell", "deeds.tell", "_tell_of")):
                continue
            for said in node.args[:2]:
                if isinstance(said, ast.Constant) and isinstance(said.value, str):
                    found.add(said.value)
                if isinstance(said, ast.JoinedStr) and isinstance(said.values[0], ast.Constant):
                    found.add(str(said.values[0].value))
    return {name for name in found if "." in name} - OF_A_PROVIDER


def test_every_action_that_is_told_is_looked_for_by_a_test() -> None:
    tests = "".join(path.read_text() for path in ROOT.glob("tests/**/test_*.py"))
    told_by = told_in_the_code()
    assert len(told_by) > 30
    assert {action for action in told_by if f'"{action}' not in tests} == set()
