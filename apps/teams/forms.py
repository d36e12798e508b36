"""Forms of the team pages."""

from typing import Any

from django import forms

from apps.teams.models import NAME_MAX_CHARACTERS, TeamRole


class TeamForm(forms.Form):
    name = forms.CharField(max_length=NAME_MAX_CHARACTERS, widget=forms.TextInput(attrs={"autocomplete": "off"}))


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(initial=TeamRole.MEMBER)

    def __init__(self, *arguments: Any, own_role: TeamRole, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["role"].choices = choices_below(own_role)  # type: ignore[attr-defined]


def choices_below(own_role: TeamRole) -> list[tuple[str, str]]:
    """Return the roles that somebody with `own_role` may give, the weakest first."""
    return [(role.value, role.label) for role in reversed(TeamRole) if own_role.includes(role)]
