"""Share links: an address that gives a role in one document to whoever opens it and is signed in.

Who opens one (and gives its password) holds its role for as long as it stands: until it expires or is revoked, or gets
another password. The address is as good as a key, so it is stored encrypted, found by a hash, and in no log.
"""

import hashlib
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.core import attempts, deeds
from apps.core.errors import Conflict, Invalid, NotFound
from apps.documents.access import access_document
from apps.documents.models import Document, LinkVisit, Role, ShareLink
from apps.documents.services import lock_document, tell_access_changed

logger = logging.getLogger(__name__)

TOKEN_BYTES = 32
USED_RESOLUTION = timedelta(minutes=1)  # of `last_used_at`: a row is not written for every opening
OVER = "This link does not work: it has expired, was taken back, or was never one."
TOO_OFTEN = "That was tried too often. Wait a while, then try again."


class WrongPassword(Invalid):
    """Not the link's password."""


def link_path(link: ShareLink) -> str:
    """Return the path of the page that opens `link`."""
    return reverse("link", args=[link.token])


def links_of(document: Document) -> QuerySet[Any]:
    """Return the document's links, oldest first, each with how many `people` hold a role by it."""
    counted = document.links.select_related("created_by").annotate(people=Count("visits"))
    return counted.order_by("created_at", "pk")


@transaction.atomic
def create_link(
    document: Document, *, role: Role, created_by: User, expires_at: datetime | None = None, password: str = ""
) -> ShareLink:
    """Make a link. `expires_at` None: it stands until it is revoked; `password` empty: none is asked for.

    Raises Invalid for an owner's role, a time that has passed and a password of the wrong length, Conflict for one
    link too many.
    """
    locked = lock_document(document.pk)
    if locked.links.count() >= settings.LINKS_PER_DOCUMENT:
        raise Conflict(
            f"A document has at most {settings.LINKS_PER_DOCUMENT} links. Revoke one that nobody needs first."
        )
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = ShareLink.objects.create(
        document=locked,
        role=_given(role),
        token=token,
        token_hash=_hash(token),
        password_hash=_hashed(password),
        created_by=created_by,
        expires_at=_to_come(expires_at),
    )
    _tell_of(link, "document.link_made", has_password=bool(password))
    return link


@transaction.atomic
def change_link(document: Document, link_id: UUID, **changes: Any) -> ShareLink:
    """Change `role`, `expires_at` (None: never) or `password` (empty: none); what is not named stays.

    At once, on open sockets too. A new password has to be given by everybody, also by who is in already.

    Raises NotFound, and Invalid as `create_link`.
    """
    link = _locked(document, link_id)
    if "role" in changes:
        link.role = _given(changes["role"])
    if "expires_at" in changes:
        link.expires_at = _to_come(changes["expires_at"])
    if "password" in changes:
        link.password_hash = _hashed(changes["password"])
        if link.password_hash:
            link.visits.all().delete()
    link.save(update_fields=["role", "expires_at", "password_hash"])
    tell_access_changed(link.document_id)
    _tell_of(link, "document.link_changed", changed=sorted(changes))
    return link


@transaction.atomic
def revoke_link(document: Document, link_id: UUID) -> None:
    """End a link and what everybody holds by it, at once. Raises NotFound."""
    link = _locked(document, link_id)
    _tell_of(link, "document.link_revoked")
    link.delete()
    tell_access_changed(document.pk)


def find_link(token: str, *, address: str) -> ShareLink:
    """Return the standing link of `token`. `address`: of whoever asks; guessing is counted there.

    Raises NotFound, alike for one that never was and one that does not stand any more, and RateLimited.
    """
    with _guessing(address):
        return _standing(token_hash=_hash(token))


def find_opened_link(link_id: UUID) -> ShareLink:
    """Return the standing link `link_id`, for who has shown its token. Raises NotFound."""
    return _standing(pk=link_id)


def asks_for_password(link: ShareLink, user: User) -> bool:
    """Say whether `user` has to give the password first: not who is in, by this link or otherwise."""
    return bool(link.password_hash) and not _is_in(link, user)


def enter_with_password(link: ShareLink, user: User, password: str, *, address: str) -> None:
    """As `enter`, with the password. Raises WrongPassword, RateLimited, and as `enter`."""
    theirs = f"link-passwords:{user.pk}"
    attempts.count(theirs, limit=settings.LINK_WRONG_PASSWORDS_PER_HOUR, words=TOO_OFTEN)
    with _guessing(address):
        # Beforehand, so that many at once are not let through; it takes a third of a second, on purpose.
        if not check_password(password[: settings.LINK_PASSWORD_MAX_CHARACTERS], link.password_hash):
            raise WrongPassword("This is not the password of this link.")
    attempts.take_back(theirs)
    enter(link, user, password_hash=link.password_hash)


@transaction.atomic
def enter(link: ShareLink, user: User, *, password_hash: str = "") -> None:
    """Give `user` the link's role; nothing where they have as much already. `password_hash`: of what they gave.

    Raises NotFound where the link is gone or has another password meanwhile, Conflict where too many came by it.
    """
    standing = ShareLink.objects.select_for_update().filter(pk=link.pk).first()
    now = timezone.now()
    if standing is None or not standing.stands(now):
        raise NotFound(OVER)
    if not _is_in(standing, user):
        if standing.password_hash != password_hash:
            raise NotFound(OVER)
        _visit(standing, user)
    if standing.last_used_at is None or standing.last_used_at < now - USED_RESOLUTION:
        ShareLink.objects.filter(pk=standing.pk).update(last_used_at=now)


def _visit(link: ShareLink, user: User) -> None:
    if link.visits.count() >= settings.LINK_PEOPLE_MAX:
        raise Conflict(f"This link has let in {settings.LINK_PEOPLE_MAX:,} people, which is the limit here.")
    LinkVisit.objects.create(link=link, user=user)
    tell_access_changed(link.document_id, user.pk)
    _tell_of(link, "document.link_opened", actor_id=user.pk)


def _is_in(link: ShareLink, user: User) -> bool:
    """Say whether `user` has opened the link before, or has at least its role in its document otherwise."""
    return link.visits.filter(user=user).exists() or _has(link, user)


def _has(link: ShareLink, user: User) -> bool:
    """Say whether `user` holds at least the link's role in its document."""
    try:
        access = access_document(user, link.document_id)
    except NotFound:
        return False
    return access.role.includes(Role(link.role))


def _standing(**which: object) -> ShareLink:
    link = ShareLink.objects.select_related("document", "created_by").filter(**which).first()
    if link is None or not link.stands(timezone.now()) or link.document.trashed_at is not None:
        raise NotFound(OVER)
    return link


def _locked(document: Document, link_id: UUID) -> ShareLink:
    link = document.links.select_for_update().filter(pk=link_id).first()
    if link is None:
        raise NotFound("There is no such link.")
    return link


@contextmanager
def _guessing(address: str) -> Iterator[None]:
    """Count for `address`, unless what is tried goes well. Raises RateLimited."""
    name = f"link-failures:{address}"
    attempts.count(name, limit=settings.LINK_FAILURES_PER_HOUR, words=TOO_OFTEN)
    yield
    attempts.take_back(name)


def _given(role: Role) -> Role:
    if role is Role.OWNER:
        raise Invalid("role: a link cannot make owners. Make it an editor's, a commenter's or a viewer's.")
    return role


def _to_come(expires_at: datetime | None) -> datetime | None:
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid("expires_at: this time has passed.")
    return expires_at


def _hashed(password: str) -> str:
    if not password:
        return ""
    least, most = settings.LINK_PASSWORD_MIN_CHARACTERS, settings.LINK_PASSWORD_MAX_CHARACTERS
    if not least <= len(password) <= most:
        raise Invalid(f"password: between {least} and {most} characters.")
    return make_password(password)


def _hash(token: str) -> str:
    """A plain hash is enough: the token has 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(token.encode()).hexdigest()


def _tell_of(link: ShareLink, action: str, *, actor_id: UUID | None = None, **detail: object) -> None:
    expires = link.expires_at.isoformat() if link.expires_at else None
    named = {"link": str(link.pk), "role": str(link.role), "expires_at": expires, **detail}
    deeds.tell(action, target=("document", link.document_id), actor_id=actor_id, **named)
    logger.info(action, extra={"document": str(link.document_id), "link": str(link.pk)})
