"""The form of a policy, on the team's page."""

from typing import ClassVar

from django import forms

from apps.moderation.models import PolicyVersion
from apps.moderation.policies import FIELDS


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    class Meta:
        model = PolicyVersion
        fields = (*FIELDS, "reason")
        labels: ClassVar = {
            "mode": "The assistant may be asked for",
            "routes": "Models",
            "spenders": "Who may ask",
            "screening": "Requests are screened",
            "after_checks": "Looked at once more",
        }
        widgets: ClassVar = {"reason": forms.TextInput(attrs={"autocomplete": "off"})}
