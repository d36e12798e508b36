"""People who are mentioned in comments: who can be, and the mail they get."""

import logging
from collections.abc import Iterable
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.documents import mail
from apps.documents.access import standing_links
from apps.documents.comment_rates import may_mail
from apps.documents.models import Comment, Document

logger = logging.getLogger(__name__)


def who_can_be_mentioned(document: Document) -> QuerySet[User]:
    """Return who can open a document, by a role of their own, their team's or a link's, by name."""
    ways = [
        Q(memberships__document_id=document.pk),
        Q(team_memberships__team_id=document.team_id) if document.team_id else Q(pk__in=()),
        Q(link_visits__link__in=standing_links().filter(document=document)),
    ]
    first, *others = (User.objects.filter(way).values("pk") for way in ways)
    ids = first.union(*others)
    return User.objects.filter(pk__in=ids, is_active=True).order_by("name", "email")


def tell_mentioned(comment: Comment, people: Iterable[UUID] = (), *, site: str) -> None:
    """Mail `people`, whom `comment` mentions anew, on commit; where reviewers have it first, once it is shown."""
    waiting = {*comment.untold, *people} - {comment.author_id}
    is_shown = comment.hold == Comment.Hold.NONE
    untold = [] if is_shown else [one for one in comment.mentions if one in waiting]
    if untold != comment.untold:
        comment.untold = untold
        comment.save(update_fields=["untold"])
    wanted = [one for one in comment.mentions if one in waiting] if is_shown else []
    if wanted and comment.author_id is not None:
        transaction.on_commit(partial(_mail, comment, wanted, site), robust=True)


def _mail(comment: Comment, wanted: list[UUID], site: str) -> None:
    document, author = comment.thread.document, comment.author
    assert author is not None
    for person in who_can_be_mentioned(document).filter(pk__in=wanted, mail_mentions=True):
        if not may_mail(author):
            logger.warning("comment.mentions_not_mailed", extra={"user": str(author.pk)})
            return
        mail.send_mentioned(comment, person, site=site)
