"""What is done to accounts outside django-allauth's own flows."""

import secrets

from allauth.account.models import EmailAddress
from django.db import transaction

from apps.accounts.models import User
from apps.core import deeds

FIRST_ADMIN_EMAIL = "admin@localhost"


def create_first_admin() -> tuple[str, str] | None:
    """Create an administrator and return (e-mail, password), or None where there is one already.

    The password is stored hashed only, so whoever asks has to show it now.
    """
    if User.objects.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        admin, created = User.objects.get_or_create(
            email=FIRST_ADMIN_EMAIL, defaults={"name": "Admin", "is_staff": True, "is_superuser": True}
        )
        if not created:  # another process was faster, or an ordinary account took the address
            return None
        admin.set_password(password)
        admin.save(update_fields=["password"])
        EmailAddress.objects.create(user=admin, email=admin.email, primary=True, verified=True)
    return admin.email, password


def rename(user: User, name: str) -> None:
    user.name = name
    user.save(update_fields=["name"])


def set_appearance(user: User, appearance: str) -> None:
    user.appearance = appearance
    user.save(update_fields=["appearance"])


def set_mail(user: User, *, mentions: bool) -> None:
    user.mail_mentions = mentions
    user.save(update_fields=["mail_mentions"])


@transaction.atomic
def replace_unverified_email(user: User, email: str) -> EmailAddress:
    """Give `user`, whose address nobody has proved, another one of which the same holds."""
    EmailAddress.objects.filter(user=user).delete()
    user.email = email.lower()
    user.save(update_fields=["email"])
    deeds.tell("user.email_changed", target=("user", user.pk), actor_id=user.pk)
    return EmailAddress.objects.create(user=user, email=user.email, primary=True)
