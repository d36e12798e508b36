"""Reports: somebody who can see something says that reviewers should look at it, and hears what became of it."""

import time
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.core.paginator import Page, Paginator
from django.db import transaction

from apps.accounts.models import User
from apps.core import deeds
from apps.core.errors import Invalid, NotFound, RateLimited
from apps.documents.access import access_document
from apps.documents.comments import NO_THREAD, find_comment
from apps.moderation.cases import Target, open_case
from apps.moderation.models import Case, Report

HOUR_SECONDS = 3600
ANSWERS = {
    Case.Outcome.APPROVED: "A reviewer looked at it and found that it may stand.",
    Case.Outcome.RESTORED: "A reviewer looked at it again and found that it may stand.",
    Case.Outcome.REMOVED: "A reviewer looked at it and removed it. Thank you.",
    Case.Outcome.WARNED: "A reviewer looked at it and spoke to the person. Thank you.",
    Case.Outcome.SUSPENDED: "A reviewer looked at it and acted on the person’s account. Thank you.",
}
WAITS = "It waits for a reviewer."


def report_document(reporter: User, document_id: UUID, *, reason: str, note: str) -> Report:
    """Report a document. Raises NotFound for who cannot see it, Invalid, RateLimited."""
    access_document(reporter, document_id)
    return report(reporter, Target("document", document_id, document_id, None), reason=reason, note=note)


def report_comment(
    reporter: User, document_id: UUID, thread_id: UUID, comment_id: UUID, *, reason: str, note: str
) -> Report:
    """Report a comment. Raises NotFound for who cannot see it, Invalid, RateLimited."""
    access_document(reporter, document_id)
    comment = find_comment(comment_id)
    if comment is None or comment.thread_id != thread_id or comment.thread.document_id != document_id:
        raise NotFound(NO_THREAD)
    if comment.removed_at is not None or comment.hold:
        raise NotFound(NO_THREAD)
    target = Target("comment", comment.pk, document_id, comment.author_id)
    return report(reporter, target, reason=reason, note=note)


@transaction.atomic
def report(reporter: User, target: Target, *, reason: str, note: str) -> Report:
    """Report what the caller knows `reporter` can see. Again, while it waits: the words are replaced.

    Raises Invalid, RateLimited.
    """
    note = note.strip()
    if reason not in Report.Reason.values:
        raise Invalid("reason: choose one of " + ", ".join(Report.Reason.values) + ".")
    if len(note) > settings.REPORT_NOTE_MAX_CHARACTERS:
        raise Invalid(f"note: at most {settings.REPORT_NOTE_MAX_CHARACTERS:,} characters.")
    _count(reporter)
    case = open_case(target, hours=settings.REVIEW_HOURS)
    sent, _ = Report.objects.update_or_create(
        case=case, reporter=reporter, answered_at=None, defaults={"reason": reason, "note": note}
    )
    deeds.tell(
        "moderation.reported", target=(target.kind, target.id), actor_id=reporter.pk, case=str(case.pk), reason=reason
    )
    return sent


def list_reports(user: User, *, page: int, page_size: int) -> Page[Report]:
    """Return one page of what somebody has reported, newest first."""
    own = Report.objects.filter(reporter=user).select_related("case").order_by("-created_at")
    return Paginator(own, page_size).get_page(page)


def answer_to(report: Report) -> str:
    """Return what its reporter is told."""
    if report.answered_at is None:
        return WAITS
    return ANSWERS.get(Case.Outcome(report.outcome), WAITS)


def _count(reporter: User) -> None:
    hour, passed = divmod(int(time.time()), HOUR_SECONDS)
    name = f"reports:{reporter.pk}:{hour}"
    cache.add(name, 0, HOUR_SECONDS)
    if cache.incr(name) > settings.REPORTS_PER_HOUR:
        raise RateLimited("You have reported a lot. Try again later.", retry_after=HOUR_SECONDS - passed)
