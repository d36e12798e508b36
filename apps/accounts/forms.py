"""Forms of the account pages."""

from typing import Any

from django import forms
from django.http import HttpRequest

from apps.accounts.api_keys import NAME_MAX_CHARACTERS as KEY_NAME_MAX_CHARACTERS
from apps.accounts.models import Appearance, Scope, User

SCOPE_PERMISSIONS = {Scope.ANALYTICS_READ.value: ("analytics.view_dashboard",)}
NAME_MAX_CHARACTERS = User._meta.get_field("name").max_length


class SignupForm(forms.Form):
    """What sign-up asks beside e-mail and password (django-allauth's ACCOUNT_SIGNUP_FORM_CLASS)."""

    name = forms.CharField(
        max_length=NAME_MAX_CHARACTERS,
        required=False,
        label="Name (optional)",
        help_text="Shown to people you write with.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    field_order = ("email", "password1", "name")

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class ProfileForm(forms.Form):
    name = forms.CharField(
        max_length=NAME_MAX_CHARACTERS,
        required=False,
        help_text="Shown to people you write with, also beside your cursor.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class AppearanceForm(forms.Form):
    appearance = forms.ChoiceField(choices=Appearance.choices, widget=forms.RadioSelect, label="Appearance")


class MailForm(forms.Form):
    mail_mentions = forms.BooleanField(required=False, label="When somebody mentions me in a comment")


class ApiKeyForm(forms.Form):
    """`person`: whose key it is to be; a scope that they could do nothing with is not offered."""

    name = forms.CharField(
        max_length=KEY_NAME_MAX_CHARACTERS,
        help_text="What uses it: “Nightly export”.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=forms.CheckboxSelectMultiple, label="It may", initial=[Scope.DOCUMENTS_READ]
    )
    lifetime = forms.TypedChoiceField(
        label="It ends",
        coerce=int,
        initial=90,
        choices=[(30, "in 30 days"), (90, "in 90 days"), (365, "in a year"), (0, "when it is revoked")],
    )

    def __init__(self, *arguments: Any, person: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        offered = [one for one in Scope.choices if person.has_perms(SCOPE_PERMISSIONS.get(one[0], ()))]
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)
        scopes.choices = offered
