"""django-allauth's forms of the pages at the door, in our words and without placeholders that repeat the labels."""

from typing import Any

from allauth.account import forms
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from apps.accounts import services
from apps.accounts.models import User

EMAIL_LABEL = "E-mail address"
PASSWORD_HELP = "At least 8 characters, and not one that many people use."  # noqa: S105  (a help text)


def _plain(form: Any, **labels: str) -> None:
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        field.label = labels.get(name, field.label)


class LoginForm(forms.LoginForm):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _plain(self, login=EMAIL_LABEL, remember="Stay logged in")


class SignupForm(forms.SignupForm):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _plain(self, email=EMAIL_LABEL)
        self.fields["password1"].help_text = PASSWORD_HELP


class AddEmailForm(forms.AddEmailForm):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _plain(self, email="New e-mail address")

    def clean_email(self) -> str:
        email = str(super().clean_email())
        if not self._is_proved() and User.objects.filter(email__iexact=email).exists():
            raise ValidationError("Somebody else's account has this address.")
        return email

    def _is_proved(self) -> bool:
        return EmailAddress.objects.get_verified(self.user) is not None

    def save(self, request: HttpRequest) -> EmailAddress:
        """Ask the new address to confirm itself; the old one stays until then.

        Where the old one was never confirmed, it is replaced at once: django-allauth would drop it, and leave an
        account without any address to log in with.
        """
        if self._is_proved():
            return super().save(request)
        address = services.replace_unverified_email(self.user, self.cleaned_data["email"])
        send_verification_email_to_address(request, address)
        return address


class ResetPasswordForm(forms.ResetPasswordForm):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _plain(self, email=EMAIL_LABEL)


class ResetPasswordKeyForm(forms.ResetPasswordKeyForm):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _plain(self, password1="New password", password2="New password, again")
        self.fields["password1"].help_text = PASSWORD_HELP


class ChangePasswordForm(forms.ChangePasswordForm):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _plain(self, oldpassword="Current password", password1="New password", password2="New password, again")
        self.fields["password1"].help_text = PASSWORD_HELP


class SetPasswordForm(forms.SetPasswordForm):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _plain(self, password1="New password", password2="New password, again")
        self.fields["password1"].help_text = PASSWORD_HELP
