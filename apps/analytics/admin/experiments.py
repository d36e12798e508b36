"""Experiments: what is tried on whom, how it does, starting and stopping."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from apps.analytics import trials
from apps.analytics.models import Arm, Experiment
from apps.assistant.actions import ACTIONS

OFFERED = [(name, name) for name, action in ACTIONS.items() if action.offered]


class ExperimentForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    action = forms.ChoiceField(choices=OFFERED, help_text="One experiment runs per action.")

    class Meta:
        model = Experiment
        fields = (
            *("name", "action", "tiers", "hypothesis"),
            *("min_answers", "max_error_share", "max_slowdown", "max_errors_per_minute"),
        )
        widgets = {"hypothesis": forms.Textarea(attrs={"rows": 3})}


class ArmForm(forms.ModelForm):  # type: ignore[type-arg]
    """Names its fields also where their column's head is all that says what they are."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for field in self.fields.values():
            field.widget.attrs.setdefault("aria-label", field.label)


class ArmInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Arm
    form = ArmForm
    extra = 1

    def get_readonly_fields(self, request: HttpRequest, obj: Experiment | None = None) -> Any:
        """Only the percentage of what runs can be changed: the answers so far were given by the rest."""
        return ("name", "prompt_version", "model") if _runs(obj) else ()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not _runs(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _runs(obj)


def _runs(experiment: Experiment | None) -> bool:
    return experiment is not None and experiment.state == Experiment.State.RUNNING


@admin.register(Experiment)
class ExperimentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = ExperimentForm
    inlines = (ArmInline,)
    list_display = ("name", "action", "state", "started_at", "ended_at", "why_ended")
    list_filter = ("state", "action")
    search_fields = ("name", "hypothesis")
    change_form_template = "admin/analytics/experiment.html"
    fieldsets = (
        (None, {"fields": ("name", "action", "tiers", "hypothesis")}),
        (
            "When it is rolled back",
            {"fields": ("min_answers", "max_error_share", "max_slowdown", "max_errors_per_minute")},
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Experiment | None = None) -> Any:
        return ("name", "action", "tiers") if _runs(obj) else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not _runs(obj)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        experiment = self.get_object(request, object_id)
        context = {
            **(extra_context or {}),
            "experiment": experiment,
            "runs": _runs(experiment),
            "results": trials.results(experiment) if experiment else [],
        }
        return super().change_view(request, object_id, form_url, context)

    def response_change(self, request: HttpRequest, obj: Experiment) -> HttpResponse:
        if "_start" in request.POST:
            try:
                trials.start(obj)
            except ValidationError as problem:
                for text in problem.messages:
                    self.message_user(request, text, messages.ERROR)
            else:
                self.log_change(request, obj, "Started.")
                self.message_user(request, f"{obj} runs.")
        elif "_stop" in request.POST:
            if trials.stop(obj, "Stopped by hand."):
                self.log_change(request, obj, "Stopped.")
            self.message_user(request, f"{obj} has ended: everybody gets the usual again.")
        else:
            return super().response_change(request, obj)
        return HttpResponseRedirect(request.path)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if _runs(form.instance) and sum(arm.percent for arm in form.instance.arms.all()) > 100:
            self.message_user(request, "The arms have more than 100 % together; the last are cut.", messages.WARNING)
