"""Forms of the account pages."""

from django import forms
from django.http import HttpRequest

from apps.accounts.models import Appearance, User

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
