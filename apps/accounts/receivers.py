"""Tells open sockets that somebody's sessions may have ended; each socket then looks for itself."""

from collections.abc import Collection
from functools import partial
from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts.models import User
from apps.core import control

ENDS_SESSIONS = {"password", "is_active", "suspended_until"}


def tell_signed_out(user: User) -> None:
    transaction.on_commit(partial(control.broadcast, "signed_out", user_id=str(user.pk)))


@receiver(user_logged_out)
def _on_log_out(sender: Any, request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is None:
        return
    # Django sends this before it drops the session: a socket that looked in between would find it alive.
    request.session.flush()
    tell_signed_out(user)


@receiver(post_save, sender=User)
def _on_save(instance: User, *, created: bool, update_fields: Collection[str] | None, **_: Any) -> None:
    """A new password, deactivation and suspension end them, wherever they were made: pages, admin, a shell."""
    if not created and (update_fields is None or ENDS_SESSIONS & set(update_fields)):
        tell_signed_out(instance)


@receiver(post_delete, sender=User)
def _on_delete(instance: User, **_: Any) -> None:
    tell_signed_out(instance)
