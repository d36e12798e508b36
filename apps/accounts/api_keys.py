"""API keys: made, found, rotated, revoked. A key reads `il_<prefix>_<secret>` and is shown once."""

import hashlib
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import ApiKey, User
from apps.core import deeds
from apps.core.control import broadcast
from apps.core.errors import Conflict, Invalid, NotFound
from apps.core.origin import current_origin

logger = logging.getLogger(__name__)

MARK = "il"  # lets secret scanners know one of ours
PREFIX_BYTES = 6
SECRET_BYTES = 32
NAME_MAX_CHARACTERS = ApiKey._meta.get_field("name").max_length
USED_RESOLUTION_SECONDS = 60  # of `last_used_at`: a row is not written for every request


def list_keys(user: User) -> "QuerySet[ApiKey]":
    """Return the keys that are not revoked, newest first."""
    return user.api_keys.filter(revoked_at=None).order_by("-created_at", "pk")


def create_key(
    user: User, *, name: str, scopes: Sequence[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Return a new key and its text, which nobody can show again. Raises Invalid, Conflict."""
    name = " ".join(name.split())
    if not name:
        raise Invalid("name: say what the key is for.")
    if not scopes:
        raise Invalid("scopes: choose at least one.")
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid("expires_at: this time has passed.")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two at once must not both be the last one allowed
        valid = user.api_keys.filter(revoked_at=None).filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
        if valid.count() >= settings.API_KEYS_PER_PERSON:
            raise Conflict(f"You have {settings.API_KEYS_PER_PERSON} keys. Revoke one that you do not need first.")
        return _make(user, name=name, scopes=scopes, expires_at=expires_at)


def rotate_key(user: User, key_id: UUID, *, overlap: timedelta) -> tuple[ApiKey, str]:
    """Return a key that takes over from another one, which stays valid for `overlap`. Raises NotFound, Conflict."""
    with transaction.atomic():
        old = _locked(user, key_id)
        now = timezone.now()
        if old.replaced_by_id is not None or not old.is_valid(now):
            raise Conflict("This key was replaced or has expired already.")
        new, text = _make(user, name=old.name, scopes=old.scopes, expires_at=old.expires_at)
        end = now + overlap
        old.replaced_by = new
        old.expires_at = end if old.expires_at is None else min(end, old.expires_at)
        old.save(update_fields=["replaced_by", "expires_at"])
        deeds.tell("api_key.rotated", target=("api_key", old.pk), actor_id=user.pk, replaced_by=str(new.pk))
        if overlap <= timedelta(0):
            _tell_open_sockets(old)
    return new, text


def revoke_key(user: User, key_id: UUID) -> None:
    """End a key at once, on open sockets too. Raises NotFound."""
    with transaction.atomic():
        key = _locked(user, key_id)
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        deeds.tell("api_key.revoked", target=("api_key", key.pk), actor_id=user.pk)
        _tell_open_sockets(key)
    logger.info("api_key.revoked", extra={"key": str(key.pk)})


def find_key(text: str) -> ApiKey | None:
    """Return the valid key that reads `text`, with its person; None for any other. One query, and rarely a write."""
    mark, _, rest = text.partition("_")
    prefix, _, secret = rest.partition("_")
    if mark != MARK or not prefix or not secret:
        return None
    key = ApiKey.objects.select_related("user").filter(prefix=prefix).first()
    known = key.secret_hash if key else _hash("")
    if not secrets.compare_digest(known, _hash(secret)) or key is None:
        return None
    now = timezone.now()
    if not key.is_valid(now) or not key.user.is_active:
        return None
    _note_use(key, now)
    return key


def _note_use(key: ApiKey, now: datetime) -> None:
    due = now - timedelta(seconds=USED_RESOLUTION_SECONDS)
    if key.last_used_at is None or key.last_used_at < due:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        _tell_use(key)


def _tell_use(key: ApiKey) -> None:
    """Tell the audit trail that a key is in use: once per API_KEY_USE_TOLD_SECONDS and address."""
    if cache.add(f"api-key-used:{key.pk}:{current_origin().address}", 1, settings.API_KEY_USE_TOLD_SECONDS):
        deeds.tell("api_key.used", target=("api_key", key.pk), actor_id=key.user_id)


def _make(user: User, *, name: str, scopes: Sequence[str], expires_at: datetime | None) -> tuple[ApiKey, str]:
    prefix, secret = secrets.token_hex(PREFIX_BYTES), secrets.token_hex(SECRET_BYTES)
    key = ApiKey.objects.create(
        user=user,
        name=name,
        prefix=prefix,
        secret_hash=_hash(secret),
        scopes=list(dict.fromkeys(scopes)),
        expires_at=expires_at,
    )
    deeds.tell("api_key.made", target=("api_key", key.pk), actor_id=user.pk, scopes=key.scopes)
    logger.info("api_key.made", extra={"key": str(key.pk), "user": str(user.pk)})
    return key, f"{MARK}_{prefix}_{secret}"


def _locked(user: User, key_id: UUID) -> ApiKey:
    key = user.api_keys.select_for_update().filter(pk=key_id, revoked_at=None).first()
    if key is None:
        raise NotFound("There is no such key.")
    return key


def _hash(secret: str) -> str:
    """A plain hash is enough: the secret has 256 random bits, so there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _tell_open_sockets(key: ApiKey) -> None:
    transaction.on_commit(partial(broadcast, "signed_out", user_id=str(key.user_id)))
