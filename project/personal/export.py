"""A copy of everything that is a person's, as a ZIP archive of JSON files."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import IO, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import PersonalWriting, User
from apps.assistant.models import Command, Conversation, Decision, Generation
from apps.collaboration.models import DocumentVersion
from apps.collaboration.projection import plain_text
from apps.collaboration.versions.making import version_doc
from apps.core import deeds
from apps.documents.models import Comment, CommentThread, LinkVisit, Membership, Role, ShareLink
from apps.moderation.audit import detail_of
from apps.moderation.models import AuditRecord, HeldRequest, Notice, Report, Verdict
from apps.quotas.usage import csv_of
from apps.teams.models import TeamMembership

FORMAT = 1
BATCH_ROWS = 500
LINK_FIELDS = ("role", "created_at", "expires_at", "last_used_at")
README = """This archive has what Interline keeps about you, as of {made_at}.

account.json        your account, addresses, second factors, connected log-ins, API keys without secrets, dictionary,
                    suspensions
documents.jsonl     the documents you are in, one per line, with your role; with their text where you own them, and the
                    share links you made there; those you opened by somebody's link, as `by_link`
versions.jsonl      the versions with a name of the documents you own, one per line, with their text
comments.jsonl      what you said in comments, with the passage where you began the thread
assistant.jsonl     what you asked the assistant and what it answered, one request per line, with what you decided
conversations.json  the conversations you began
commands.json       your own commands
teams.json          the teams you are in
moderation.jsonl    requests of yours that were held, what was found in your requests and answers, what you reported,
                    and what reviewers told you
usage.csv           the tokens you used in the last year
trail.jsonl         what the audit trail has of you: log-ins, shares, keys
"""


def write_export(user: User, file: IO[bytes]) -> None:
    """Write the archive. That is in the audit trail."""
    deeds.tell("user.exported", target=("user", user.pk))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README.format(made_at=f"{timezone.now():%Y-%m-%d %H:%M} UTC"))
        archive.writestr("account.json", _json(_account(user), indent=2))
        _write(archive, "documents.jsonl", _json_lines(_documents(user)))
        _write(archive, "versions.jsonl", _json_lines(_versions(user)))
        _write(archive, "comments.jsonl", _json_lines(_comments(user)))
        _write(archive, "assistant.jsonl", _json_lines(_generations(user)))
        archive.writestr("conversations.json", _json(list(_conversations(user)), indent=2))
        archive.writestr("commands.json", _json(list(_commands(user)), indent=2))
        archive.writestr("teams.json", _json(list(_teams(user)), indent=2))
        _write(archive, "moderation.jsonl", _json_lines(_moderation(user)))
        _write(archive, "usage.csv", csv_of(user.pk))
        _write(archive, "trail.jsonl", _json_lines(_trail(user)))


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=indent)


def _json_lines(values: Iterable[Any]) -> Iterator[str]:
    return (_json(value) + "\n" for value in values)


def _write(archive: zipfile.ZipFile, name: str, lines: Iterable[str]) -> None:
    with archive.open(name, "w") as raw, TextIOWrapper(raw, "utf-8", newline="") as text:
        text.writelines(lines)


def _values(found: QuerySet[Any], *fields: str) -> list[dict[str, Any]]:
    return list(found.order_by("pk").values(*fields))


def _account(user: User) -> dict[str, Any]:
    writing = PersonalWriting.objects.filter(user=user)
    return {
        "format": FORMAT,
        "id": user.pk,
        "email": user.email,
        "name": user.name,
        "appearance": user.appearance,
        "mail_mentions": user.mail_mentions,
        "joined_at": user.date_joined,
        "last_login_at": user.last_login,
        "addresses": _values(EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
        "second_factors": _values(Authenticator.objects.filter(user=user), "type", "created_at", "last_used_at"),
        "connected": _values(SocialAccount.objects.filter(user=user), "provider", "uid", "date_joined", "extra_data"),
        "api_keys": _values(
            user.api_keys.all(), "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"
        ),
        "writing": _values(writing, "words", "ignored_rules", "language", "style"),
        "suspensions": _values(
            user.suspensions.all(), "reason", "created_at", "until", "ended_at", "appeal", "appeal_text", "answer"
        ),
    }


def _documents(user: User) -> Iterator[dict[str, Any]]:
    found = Membership.objects.filter(user=user).select_related("document").order_by("created_at", "pk")
    for membership in found.iterator(BATCH_ROWS):
        document = membership.document
        yield {
            "id": document.pk,
            "title": document.title,
            "role": membership.role,
            "since": membership.created_at,
            "edited_at": document.edited_at,
            "trashed_at": document.trashed_at,
            "links": _values(ShareLink.objects.filter(document=document, created_by=user), *LINK_FIELDS),
            **({"text": document.text} if membership.role == Role.OWNER else {}),
        }
    for visit in LinkVisit.objects.filter(user=user).select_related("link__document").order_by("created_at", "pk"):
        document = visit.link.document
        yield {
            "id": document.pk,
            "title": document.title,
            "role": visit.link.role,
            "since": visit.created_at,
            "by_link": True,
            "until": visit.link.expires_at,
        }


def _versions(user: User) -> Iterator[dict[str, Any]]:
    """Yield named versions, of which one at a time is read: each may be as large as a document."""
    owned = Membership.objects.filter(user=user, role=Role.OWNER).values("document_id")
    named = DocumentVersion.objects.filter(log_id__in=owned).exclude(name="").defer("state")
    for version in named.order_by("log_id", "number").iterator(BATCH_ROWS):
        yield {
            "document": version.log_id,
            "number": version.number,
            "name": version.name,
            "created_at": version.created_at,
            "by_you": version.made_by_id == user.pk,
            "text": plain_text(version_doc(version)),
        }


def _comments(user: User) -> Iterator[dict[str, Any]]:
    begun = set(CommentThread.objects.filter(made_by=user).values_list("pk", flat=True))
    said = Comment.objects.filter(author=user).select_related("thread").order_by("created_at", "pk")
    for one in said.iterator(BATCH_ROWS):
        yield {
            "id": one.pk,
            "document": one.thread.document_id,
            "thread": one.thread_id,
            "quote": one.thread.quote if one.thread_id in begun else "",
            "body": one.body,
            "created_at": one.created_at,
            "edited_at": one.edited_at,
            "removed_at": one.removed_at,
        }


def _generations(user: User) -> Iterator[dict[str, Any]]:
    for generation in Generation.objects.filter(user=user).order_by("created_at", "pk").iterator(BATCH_ROWS):
        edits = [event for event in generation.events or () if event["type"] == "edit"]
        decisions = Decision.objects.filter(generation=generation, user=user).order_by("pk")
        yield {
            "id": generation.pk,
            "document": generation.document_id,
            "action": generation.action,
            "visibility": generation.visibility,
            "model": generation.model,
            "state": generation.state,
            "created_at": generation.created_at,
            "prompt_tokens": generation.prompt_tokens,
            "completion_tokens": generation.completion_tokens,
            "input": generation.input,
            "text": generation.text,
            "edits": edits,
            "decisions": [
                {"edit_id": one.edit_id, "decision": one.decision, "final_text": one.final_text, "at": one.created_at}
                for one in decisions
            ],
        }


def _conversations(user: User) -> Iterator[dict[str, Any]]:
    for one in Conversation.objects.filter(user=user).order_by("created_at"):
        answers = one.turns.order_by("pk").values_list("generation_id", flat=True)
        yield {
            "id": one.pk,
            "document": one.document_id,
            "title": one.title,
            "visibility": one.visibility,
            "created_at": one.created_at,
            "deleted_at": one.deleted_at,
            "answers": list(answers),
        }


def _commands(user: User) -> Iterator[dict[str, Any]]:
    for one in Command.objects.filter(user=user).order_by("created_at"):
        yield {"name": one.name, "prompt": one.prompt, "created_at": one.created_at}


def _moderation(user: User) -> Iterator[dict[str, Any]]:
    for held in HeldRequest.objects.filter(user=user).order_by("created_at"):
        yield {
            "held": held.pk,
            "document": held.document_id,
            "at": held.created_at,
            "state": held.state,
            "request": held.request,
        }
    for report in Report.objects.filter(reporter=user).select_related("case").order_by("created_at"):
        yield {
            "reported": [report.case.target_kind, report.case.target_id],
            "at": report.created_at,
            "reason": report.reason,
            "note": report.note,
            "outcome": report.outcome,
        }
    for notice in Notice.objects.filter(user=user).order_by("pk"):
        yield {"told": notice.kind, "document": notice.document_id, "at": notice.created_at, "words": notice.words}
    for found in Verdict.objects.filter(user=user).order_by("pk").iterator(BATCH_ROWS):
        yield {
            "found_in": [found.target_kind, found.target_id],
            "at": found.created_at,
            "category": found.category,
            "action": found.action,
            "state": found.state,
            "excerpt": found.excerpt,
        }


def _teams(user: User) -> Iterator[dict[str, Any]]:
    for one in TeamMembership.objects.filter(user=user).select_related("team").order_by("created_at"):
        yield {"id": one.team_id, "name": one.team.name, "role": one.role, "since": one.created_at}


def _trail(user: User) -> Iterator[dict[str, Any]]:
    found = AuditRecord.objects.filter(Q(actor_id=user.pk) | Q(target_kind="user", target_id=str(user.pk)))
    for one in found.order_by("pk").iterator(BATCH_ROWS):
        by_them = one.actor_id == user.pk
        yield {
            "at": one.created_at,
            "action": one.action,
            "by_you": by_them,
            "target": [one.target_kind, one.target_id],
            "address": one.address if by_them else "",
            "detail": detail_of(one),
        }
