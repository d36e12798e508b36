"""Hears of sensitive actions and writes them down, in the transaction they are done in."""

import json
from typing import Any
from uuid import UUID

from allauth.account import signals as account
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social
from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from apps.accounts.models import User
from apps.accounts.signals import appealing
from apps.core.deeds import Deed, done, tell
from apps.core.origin import current_request
from apps.moderation import comments, policies  # noqa: F401  (`comments` hears of what is said)
from apps.moderation.audit import record
from apps.moderation.cases import Target, open_case
from apps.moderation.models import Rule
from apps.moderation.rules import rules
from apps.quotas.models import Tier

SALT = "apps.moderation.receivers"
LOGIN_MARK_CHARACTERS = 16
NOTE_MAX_CHARACTERS = 300
ADMIN_PATH = "/admin/"
NO_TEXT = (
    *(models.BooleanField, models.IntegerField, models.FloatField, models.DecimalField),
    *(models.DateField, models.DurationField, models.UUIDField, models.ForeignKey, ArrayField),
)
ADMIN_ACTIONS = {ADDITION: "admin.added", CHANGE: "admin.changed", DELETION: "admin.deleted"}


@receiver(done)
def _on_deed(deed: Deed, **_: Any) -> None:
    record(deed)


def _tell_of(user: User, action: str, **detail: Any) -> None:
    """Tell what somebody did to their own account."""
    tell(action, target=("user", user.pk), actor_id=user.pk, **detail)


# ---------------------------------------------------------------- in and out


@receiver(user_logged_in)
def _on_log_in(user: User, request: HttpRequest | None = None, **_: Any) -> None:
    session = getattr(request, "session", None)
    used = session.get("account_authentication_methods", []) if session is not None else []
    _tell_of(user, "user.logged_in", methods=[str(one.get("method", "")) for one in used])


@receiver(user_login_failed)
def _on_failed_log_in(credentials: dict[str, Any], **_: Any) -> None:
    """What was typed is not kept: it may be a password. The same unknown address has the same mark."""
    typed = str(credentials.get("email") or credentials.get("username") or "").lower()
    user = User.objects.filter(email__iexact=typed).first() if typed else None
    if user is not None:
        tell("user.log_in_failed", target=("user", user.pk))
        return
    mark = salted_hmac(SALT, typed, algorithm="sha256").hexdigest()[:LOGIN_MARK_CHARACTERS]
    tell("user.log_in_failed", unknown_login=mark)


@receiver(user_logged_out)
def _on_log_out(user: User | None, **_: Any) -> None:
    if user is not None:
        _tell_of(user, "user.logged_out")


@receiver(mfa.authentication_failed)
def _on_failed_second_factor(user: User, authenticator: Authenticator | None = None, **_: Any) -> None:
    tell("user.second_factor_failed", target=("user", user.pk), method=_method(authenticator))


# ---------------------------------------------------------------- what opens an account


@receiver(account.user_signed_up)
def _on_sign_up(user: User, **_: Any) -> None:
    _tell_of(user, "user.signed_up")


@receiver(account.password_changed)
@receiver(account.password_set)
def _on_password_changed(user: User, **_: Any) -> None:
    _tell_of(user, "user.password_changed")


@receiver(account.password_reset)
def _on_password_reset(user: User, **_: Any) -> None:
    _tell_of(user, "user.password_reset")


@receiver(account.email_added)
def _on_address_added(user: User, **_: Any) -> None:
    _tell_of(user, "user.email_added")


@receiver(account.email_removed)
def _on_address_removed(user: User, **_: Any) -> None:
    _tell_of(user, "user.email_removed")


@receiver(account.email_changed)
def _on_address_changed(user: User, **_: Any) -> None:
    _tell_of(user, "user.email_changed")


@receiver(account.email_confirmed)
def _on_address_confirmed(email_address: EmailAddress, **_: Any) -> None:
    _tell_of(email_address.user, "user.email_confirmed")


@receiver(mfa.authenticator_added)
def _on_second_factor_added(user: User, authenticator: Authenticator, **_: Any) -> None:
    _tell_of(user, "user.second_factor_added", method=_method(authenticator))


@receiver(mfa.authenticator_removed)
def _on_second_factor_removed(user: User, authenticator: Authenticator, **_: Any) -> None:
    _tell_of(user, "user.second_factor_removed", method=_method(authenticator))


@receiver(mfa.authenticator_reset)
def _on_second_factor_reset(user: User, authenticator: Authenticator, **_: Any) -> None:
    _tell_of(user, "user.second_factor_reset", method=_method(authenticator))


@receiver(social.social_account_added)
def _on_connected(sociallogin: Any, **_: Any) -> None:
    _tell_of(sociallogin.user, "user.log_in_connected", provider=str(sociallogin.account.provider))


@receiver(social.social_account_removed)
def _on_disconnected(socialaccount: Any, **_: Any) -> None:
    _tell_of(socialaccount.user, "user.log_in_disconnected", provider=str(socialaccount.provider))


def _method(authenticator: Authenticator | None) -> str:
    return str(authenticator.type) if authenticator is not None else ""


# ---------------------------------------------------------------- the admin


@receiver(post_save, sender=LogEntry)
def _on_admin_edit(instance: LogEntry, *, created: bool, **_: Any) -> None:
    """The names of what was changed, not the objects' own: a document's is its title."""
    if not created:
        return
    content_type = instance.content_type
    kind = f"{content_type.app_label}.{content_type.model}" if content_type else ""
    values = _noted().pop((kind, str(instance.object_id or "")), None)
    tell(
        ADMIN_ACTIONS[instance.action_flag],
        target=(kind, instance.object_id or ""),
        actor_id=instance.user_id,
        changes=_changes(instance.change_message),
        **({"values": values} if values else {}),
    )


@receiver(pre_save)
def _before_admin_edit(sender: type[models.Model], instance: models.Model, *, raw: bool = False, **_: Any) -> None:
    """Note from what to what an admin sets the fields that hold no text, for the record of the edit."""
    request = current_request.get()
    if raw or request is None or not request.path.startswith(ADMIN_PATH) or instance.pk is None:
        return
    fields = [field for field in sender._meta.concrete_fields if _holds_no_text(field)]
    before = sender._base_manager.filter(pk=instance.pk).values(*(field.attname for field in fields)).first()
    if before is None:
        return
    changed = {
        field.name: [_plain(before[field.attname]), _plain(getattr(instance, field.attname))]
        for field in fields
        if before[field.attname] != getattr(instance, field.attname)
    }
    if changed:
        _noted().setdefault((sender._meta.label_lower, str(instance.pk)), {}).update(changed)


def _noted() -> dict[tuple[str, str], dict[str, Any]]:
    """Return what was noted in the present request, by kind and id; nothing is kept outside of one."""
    request = current_request.get()
    if request is None:
        return {}
    noted: dict[tuple[str, str], dict[str, Any]] = request.__dict__.setdefault("audit_noted", {})
    return noted


def _holds_no_text(field: Any) -> bool:
    return bool(field.choices) or isinstance(field, NO_TEXT)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | list) else str(value)


def _changes(message: str) -> Any:
    """Return what Django's admin, or an action of ours, says was done."""
    try:
        parts = json.loads(message) if message else []
    except ValueError:
        return message[:NOTE_MAX_CHARACTERS]
    if not isinstance(parts, list):
        return message[:NOTE_MAX_CHARACTERS]
    return [
        {what: {name: value for name, value in about.items() if name != "object"} for what, about in part.items()}
        for part in parts
    ]


# ---------------------------------------------------------------- appeals


@receiver(appealing, dispatch_uid="moderation.appealing")
def _on_appealing(user_id: UUID, **_: Any) -> None:
    open_case(Target("person", user_id, None, user_id), hours=settings.REVIEW_APPEAL_HOURS)


# ---------------------------------------------------------------- rules and policies


@receiver([post_save, post_delete], sender=Rule)
@receiver([post_save, post_delete], sender=Tier)
def _on_rules_changed(**_: Any) -> None:
    """Rules name tiers, and so do policies."""
    rules.tell_changed()
    policies.tell_changed()
