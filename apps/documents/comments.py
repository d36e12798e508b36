"""Comments: what is said about a document's passages, beside its text.

Who may comment says something and changes or removes what they said; owners may remove anything. Every change counts
the document's `comments_version` up under a lock of its row, so that who has heard of every version has missed nothing.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import User
from apps.core import deeds
from apps.core.errors import Conflict, Forbidden, Invalid, NotFound
from apps.documents.access import Access, access_document
from apps.documents.comment_rates import count_comment
from apps.documents.mentions import tell_mentioned, who_can_be_mentioned
from apps.documents.models import Comment, CommentThread, Document, Role
from apps.documents.signals import Screened, comment_writing, comments_changed

logger = logging.getLogger(__name__)

NO_THREAD = "There is no such comment."
TAKEN = "id: this id is taken."


@dataclass(frozen=True)
class Words:
    """What somebody wants to say, under an id of their making: said twice, it is said once."""

    id: UUID
    body: str
    mentions: Sequence[UUID] = field(default=())

    @property
    def text(self) -> str:
        """Return the body as it is stored. Raises Invalid where there is none, or too much."""
        text = self.body.replace("\0", "").strip()
        if not text:
            raise Invalid("body: say something.")
        if len(text) > settings.COMMENT_MAX_CHARACTERS:
            raise Invalid(f"body: at most {settings.COMMENT_MAX_CHARACTERS:,} characters.")
        return text


# ---------------------------------------------------------------- saying


def begin_thread(
    user: User, document_id: UUID, words: Words, *, anchor: dict[str, Any] | None, quote: str, site: str
) -> CommentThread:
    """Begin a thread with a first comment. The thread has the same id; sent again, it is answered with what there is.

    `site`: the address of the front page, for mails. Raises NotFound, Forbidden, Invalid, Conflict, RateLimited, and
    what refuses the text.
    """
    document = access_document(user, document_id, role=Role.COMMENTER).document
    known = CommentThread.objects.filter(pk=words.id).first()
    if known is not None:
        return _own_thread(known, user, document)
    screened = _screen(user, document, words)
    try:
        with transaction.atomic():
            _lock(document)
            if document.comment_threads.count() >= settings.COMMENT_THREADS_MAX:
                raise Conflict(f"A document has at most {settings.COMMENT_THREADS_MAX:,} threads of comments.")
            thread = CommentThread.objects.create(
                id=words.id, document=document, anchor=anchor, quote=_quoted(quote), made_by=user
            )
            comment = _store(thread, user, words, screened)
            _tell(thread)
            tell_mentioned(comment, comment.mentions, site=site)
    except IntegrityError:  # sent twice at once
        return _own_thread(CommentThread.objects.filter(pk=words.id).first(), user, document)
    logger.info("comment.thread_begun", extra={"document": str(document.pk), "user": str(user.pk)})
    return thread


def reply(user: User, document_id: UUID, thread_id: UUID, words: Words, *, site: str) -> Comment:
    """Say something in a thread; a resolved one is open again. Raises as `begin_thread`."""
    document = access_document(user, document_id, role=Role.COMMENTER).document
    thread = _thread(document, thread_id)
    known = Comment.objects.filter(pk=words.id).first()
    if known is not None:
        return _own_comment(known, user, thread)
    screened = _screen(user, document, words)
    try:
        with transaction.atomic():
            _lock(document)
            if thread.comments.count() >= settings.COMMENTS_PER_THREAD_MAX:
                raise Conflict(f"A thread has at most {settings.COMMENTS_PER_THREAD_MAX:,} comments. Begin another.")
            comment = _store(thread, user, words, screened)
            CommentThread.objects.filter(pk=thread.pk).update(resolved_at=None, resolved_by=None)
            _tell(thread)
            tell_mentioned(comment, comment.mentions, site=site)
    except IntegrityError:
        return _own_comment(Comment.objects.filter(pk=words.id).first(), user, thread)
    return comment


def edit(
    user: User, document_id: UUID, thread_id: UUID, comment_id: UUID, *, body: str, mentions: Sequence[UUID], site: str
) -> Comment:
    """Change what one has said oneself. Who is mentioned anew is told. Raises as `begin_thread`."""
    document = access_document(user, document_id, role=Role.COMMENTER).document
    found = _comment(_thread(document, thread_id), comment_id)
    words = Words(found.pk, body, mentions)
    _may_edit(found, user)
    if words.text == found.body and set(mentions) == set(found.mentions):
        return found
    screened = _screen(user, document, words)
    with transaction.atomic():
        _lock(document)
        comment = Comment.objects.select_for_update().get(pk=comment_id)
        _may_edit(comment, user)
        before = set(comment.mentions)
        comment.body, comment.edited_at = words.text, timezone.now()
        comment.mentions = _mentioned(document, words.mentions)
        comment.hold = Comment.Hold.HELD if any(one.holds for one in screened) else Comment.Hold.NONE
        comment.save(update_fields=["body", "edited_at", "mentions", "hold"])
        for one in screened:
            one.write_down()
        _tell(found.thread)
        tell_mentioned(comment, [one for one in comment.mentions if one not in before], site=site)
    return comment


def _may_edit(comment: Comment, user: User) -> None:
    if comment.author_id != user.pk:
        raise Forbidden("Only who wrote a comment can change it.")
    if comment.removed_at is not None:
        raise Conflict("This comment was removed. Restore it first.")
    if comment.hold == Comment.Hold.WITHHELD:
        raise Conflict("A reviewer has removed this comment.")


def _screen(user: User, document: Document, words: Words) -> list[Screened]:
    """Count it, and have it looked at. Raises Invalid, RateLimited, and whatever refuses the text."""
    text = words.text
    count_comment(user)
    answers: list[tuple[Any, Any]] = comment_writing.send(
        sender=Comment, document_id=document.pk, author_id=user.pk, comment_id=words.id, text=text
    )
    return [answer for _, answer in answers if isinstance(answer, Screened)]


def _store(thread: CommentThread, user: User, words: Words, screened: Iterable[Screened]) -> Comment:
    found = list(screened)
    comment = Comment.objects.create(
        id=words.id,
        thread=thread,
        author=user,
        body=words.text,
        mentions=_mentioned(thread.document, words.mentions),
        hold=Comment.Hold.HELD if any(one.holds for one in found) else Comment.Hold.NONE,
    )
    for one in found:
        one.write_down()
    return comment


def _mentioned(document: Document, mentions: Sequence[UUID]) -> list[UUID]:
    """Return those of `mentions` who can open the document, each once. Raises Invalid for too many."""
    wanted = list(dict.fromkeys(mentions))
    if len(wanted) > settings.COMMENT_MENTIONS_MAX:
        raise Invalid(f"mentions: at most {settings.COMMENT_MENTIONS_MAX} people.")
    there = set(who_can_be_mentioned(document).filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()
    return [one for one in wanted if one in there]


def _quoted(quote: str) -> str:
    return quote.replace("\0", "")[: settings.COMMENT_QUOTE_MAX_CHARACTERS]


def _own_thread(known: CommentThread | None, user: User, document: Document) -> CommentThread:
    if known is None or known.document_id != document.pk or known.made_by_id != user.pk:
        raise Invalid(TAKEN)
    return known


def _own_comment(known: Comment | None, user: User, thread: CommentThread) -> Comment:
    if known is None or known.thread_id != thread.pk or known.author_id != user.pk:
        raise Invalid(TAKEN)
    return known


# ---------------------------------------------------------------- threads


def resolve(user: User, document_id: UUID, thread_id: UUID, *, resolved: bool) -> CommentThread:
    """Say that a thread is done with, or that it is not. Done already, nothing happens."""
    document = access_document(user, document_id, role=Role.COMMENTER).document
    thread = _thread(document, thread_id)
    with transaction.atomic():
        _lock(document)
        thread.refresh_from_db()
        if (thread.resolved_at is not None) == resolved:
            return thread
        thread.resolved_at, thread.resolved_by = (timezone.now(), user) if resolved else (None, None)
        thread.save(update_fields=["resolved_at", "resolved_by"])
        _tell(thread)
    return thread


def move(user: User, document_id: UUID, thread_id: UUID, *, anchor: dict[str, Any] | None) -> CommentThread:
    """Say where the passage of a thread is now: an edit has made it anew (a paragraph was split or joined).

    By who may edit, or began the thread. Nobody is told: open pages follow the passage themselves.
    """
    access = access_document(user, document_id, role=Role.COMMENTER)
    thread = _thread(access.document, thread_id)
    if not access.role.can_edit and thread.made_by_id != user.pk:
        raise Forbidden("Only who may edit, or began the thread, can move it.")
    thread.anchor = anchor
    thread.save(update_fields=["anchor"])
    return thread


# ---------------------------------------------------------------- removing and restoring


def remove(user: User, document_id: UUID, thread_id: UUID, comment_id: UUID) -> Comment:
    """Take a comment out of sight: one's own, or as an owner anybody's, which the trail has. Again, nothing happens."""
    access = access_document(user, document_id, role=Role.COMMENTER)
    with _locked(access, thread_id, comment_id) as (comment):
        if comment.author_id != user.pk and access.role is not Role.OWNER:
            raise Forbidden("Only who wrote a comment, or an owner, can remove it.")
        if comment.removed_at is None:
            comment.removed_at, comment.removed_by = timezone.now(), user
            comment.save(update_fields=["removed_at", "removed_by"])
            _tell(comment.thread)
            _tell_trail("document.comment_removed", comment, user)
    return comment


def restore(user: User, document_id: UUID, thread_id: UUID, comment_id: UUID) -> Comment:
    """Have a removed comment back: by who removed it, or an owner. Raises Conflict where its text was let go."""
    access = access_document(user, document_id, role=Role.COMMENTER)
    with _locked(access, thread_id, comment_id) as (comment):
        if not can_restore(comment, user.pk, access.role):
            raise Forbidden("Only who removed a comment, or an owner, can restore it.")
        if comment.removed_at is not None:
            if not comment.body:
                raise Conflict("The text of this comment was let go; it cannot be restored.")
            comment.removed_at, comment.removed_by = None, None
            comment.save(update_fields=["removed_at", "removed_by"])
            _tell(comment.thread)
            _tell_trail("document.comment_restored", comment, user)
    return comment


def can_restore(comment: Comment, user_id: UUID, role: Role) -> bool:
    """Say whether somebody may have a removed comment back; of one that is not removed, whether they could."""
    removed_by = comment.removed_by_id if comment.removed_at is not None else comment.author_id
    return role is Role.OWNER or (role.can_comment and removed_by == user_id)


def _tell_trail(action: str, comment: Comment, user: User) -> None:
    if comment.author_id != user.pk:
        deeds.tell(
            action,
            target=("document", comment.thread.document_id),
            actor_id=user.pk,
            comment=str(comment.pk),
            author=str(comment.author_id) if comment.author_id else None,
        )


# ---------------------------------------------------------------- reviewers


def find_comment(comment_id: UUID) -> Comment | None:
    """Return a comment wherever it is: for reviewers."""
    found = Comment.objects.select_related("thread__document", "author").filter(pk=comment_id)
    return found.first()


@transaction.atomic
def set_hold(comment_id: UUID, hold: Comment.Hold, *, site: str = "") -> Comment | None:
    """Take a comment out of everybody's sight, or show it again, as a reviewer decides; None where it is gone.

    Shown for the first time, it tells whom it mentions. `site`: see `begin_thread`.
    """
    comment = find_comment(comment_id)
    if comment is None or comment.hold == hold:
        return comment
    _lock(comment.thread.document)
    comment.refresh_from_db(fields=["mentions", "untold", "removed_at"])  # it may have been changed meanwhile
    comment.hold = hold
    comment.save(update_fields=["hold"])
    _tell(comment.thread)
    if comment.removed_at is None:
        tell_mentioned(comment, site=site)
    return comment


@transaction.atomic
def forget_person(user: User) -> None:
    """Blank what somebody said and quoted; what others answered stays. Their threads tell that they are changed."""
    said = Comment.objects.filter(author=user)
    threads = CommentThread.objects.filter(comments__in=said) | CommentThread.objects.filter(made_by=user)
    touched = list(threads.select_related("document").distinct())
    for thread in touched:
        if thread.made_by_id == user.pk:
            thread.quote = ""
            thread.anchor = {**thread.anchor, "before": "", "after": ""} if thread.anchor else None
            thread.save(update_fields=["quote", "anchor"])
    said.update(body="", mentions=[], untold=[], removed_at=timezone.now(), removed_by=None)
    for thread in sorted(touched, key=lambda one: str(one.document_id)):  # always in one order: each is locked
        _lock(thread.document)
        _tell(thread)


# ---------------------------------------------------------------- rows


@contextmanager
def _locked(access: Access, thread_id: UUID, comment_id: UUID) -> Iterator[Comment]:
    """Yield the comment, with its document locked until the transaction ends."""
    with transaction.atomic():
        _lock(access.document)
        yield _comment(_thread(access.document, thread_id), comment_id)


def _thread(document: Document, thread_id: UUID) -> CommentThread:
    thread = CommentThread.objects.filter(pk=thread_id, document=document).first()
    if thread is None:
        raise NotFound(NO_THREAD)
    thread.document = document
    return thread


def _comment(thread: CommentThread, comment_id: UUID) -> Comment:
    comment = thread.comments.select_related("author").filter(pk=comment_id).first()
    if comment is None:
        raise NotFound(NO_THREAD)
    comment.thread = thread
    return comment


def comments_version(document_id: UUID) -> int:
    """Return how many changes of comments there were; 0 where there is no such document."""
    return Document.objects.filter(pk=document_id).values_list("comments_version", flat=True).first() or 0


def _lock(document: Document) -> None:
    """Have whoever changes comments of the document wait for this transaction to end."""
    if not Document.objects.select_for_update().filter(pk=document.pk).values("pk"):
        raise NotFound("There is no such document.")


def _tell(thread: CommentThread) -> None:
    """Count the change and tell it on commit. The caller has locked the document."""
    document = Document.objects.filter(pk=thread.document_id)
    document.update(comments_version=F("comments_version") + 1)
    told = partial(
        comments_changed.send_robust,
        sender=Comment,
        document_id=thread.document_id,
        thread_id=thread.pk,
        version=document.values_list("comments_version", flat=True).get(),
    )
    transaction.on_commit(told, robust=True)
