"""Model routes and prices, for administrators: which model answers what, and what it costs. In force at once."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.assistant.actions import ACTIONS
from apps.llm.known import CannotCheck, unknown_models
from apps.llm.models import Price, Route, RouteModel
from apps.llm.routing import names_address, tell_changed
from apps.quotas.models import Tier

UNKNOWN = "litellm knows no provider for {}. Names are like “openai/gpt-4o-mini”."
ADDRESSED = "{} has a server's address in it. Servers are named in the environment only: see AI_MODEL and AI_API_BASE."
UNCHECKED = "Whether litellm knows this cannot be found out now. Try again."


def check_known(models: list[str]) -> None:
    """Raises ValidationError for what leads to no provider, or to a server that the environment does not name."""
    if addressed := [model for model in models if names_address(model)]:
        raise ValidationError(ADDRESSED.format(", ".join(addressed)))
    try:
        unknown = unknown_models(models)
    except CannotCheck:
        raise ValidationError(UNCHECKED) from None
    if unknown:
        raise ValidationError(UNKNOWN.format(", ".join(unknown)))


class RouteForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        tiers = list(Tier.objects.values_list("name", "label"))
        self._offer("action", "Every action", [(name, name) for name in sorted(ACTIONS)])
        self._offer("tier", "Every tier", tiers)

    def _offer(self, name: str, every: str, choices: list[tuple[str, str]]) -> None:
        """Let `name` be one of `choices`; what is stored already, also where it is gone by now."""
        stored = getattr(self.instance, name)
        if stored and stored not in dict(choices):
            choices = [*choices, (stored, f"{stored} (gone)")]
        self.fields[name] = forms.ChoiceField(choices=[("", every), *choices], required=False)

    def clean_fallbacks(self) -> list[str]:
        fallbacks: list[str] = self.cleaned_data["fallbacks"]
        check_known(fallbacks)
        return fallbacks


class RouteModelForm(forms.ModelForm):  # type: ignore[type-arg]
    """A table's heads are no labels to a screen reader: each field says its own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label or ""


class RouteModelFormSet(forms.BaseInlineFormSet):  # type: ignore[type-arg]
    def clean(self) -> None:
        """Check all models of the route at once; it takes seconds."""
        super().clean()
        kept = [form.cleaned_data for form in self.forms if not form.cleaned_data.get("DELETE")]
        models = [one["model"] for one in kept if one.get("model")]
        if not models and not any(self.errors):
            raise ValidationError("A route needs a model.")
        check_known(models)


class RouteModelInline(admin.TabularInline):  # type: ignore[type-arg]
    model = RouteModel
    form = RouteModelForm
    formset = RouteModelFormSet
    extra = 1
    verbose_name_plural = "models, and how often each is chosen"


class AppliesAtOnce(admin.ModelAdmin):  # type: ignore[type-arg]
    """What is changed is told to every process, once it is committed."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        tell_changed()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        tell_changed()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        tell_changed()


@admin.register(Route)
class RouteAdmin(AppliesAtOnce):
    form = RouteForm
    list_display = ("__str__", "chosen", "then", "max_input_tokens", "max_output_tokens", "charged", "enabled")
    list_filter = ("enabled", "is_smaller", "tier", "action")
    search_fields = ("action", "tier", "models__model", "fallbacks")
    inlines: ClassVar = [RouteModelInline]
    fieldsets = (
        (None, {"fields": ("action", "tier", "is_smaller", "enabled")}),
        ("Limits", {"fields": ("max_input_tokens", "max_output_tokens", "charged_percent")}),
        ("When it fails", {"fields": ("fallbacks",)}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("models")

    @admin.display(description="models")
    def chosen(self, route: Route) -> str:
        models = list(route.models.all())
        total = sum(one.weight for one in models)
        return ", ".join(one.model if len(models) == 1 else f"{one.model} {one.weight / total:.0%}" for one in models)

    @admin.display(description="fallbacks")
    def then(self, route: Route) -> str:
        return ", ".join(route.fallbacks) or "–"

    @admin.display(description="charged", ordering="charged_percent")
    def charged(self, route: Route) -> str:
        return f"{route.charged_percent} %"


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_model(self) -> str:
        model: str = self.cleaned_data["model"]
        check_known([model])
        return model


@admin.register(Price)
class PriceAdmin(AppliesAtOnce):
    form = PriceForm
    list_display = ("model", "input_price", "output_price", "changed_at")
    search_fields = ("model",)
