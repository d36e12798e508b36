"""How django-allauth fits this project."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from apps.accounts.models import User


def display_name(user: User) -> str:
    return user.display_name


class AccountAdapter(DefaultAccountAdapter):
    """Sign-up and mail. Addresses are kept in lower case, so that one address is one account."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_taken": "There is an account with this address already. Log in, or reset its password.",
        "email_password_mismatch": "Address or password is not correct.",
        "too_many_login_attempts": "Too many failed attempts. Try again in some minutes.",
    }

    def clean_email(self, email: str) -> str:
        return str(super().clean_email(email)).lower()


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Sign-up by another site's word."""

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        given = data.get("name") or f"{data.get('first_name') or ''} {data.get('last_name') or ''}"
        user.name = given.strip()[: User._meta.get_field("name").max_length]
        return user
