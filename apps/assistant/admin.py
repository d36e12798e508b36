"""Generations in the admin: who asked what of which model and how it went. The text is shown for a reason only."""

from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.cache import never_cache

from apps.assistant import live_admin, routing_admin
from apps.assistant.models import Generation
from apps.core import deeds
from apps.core.read_only import ReadOnlyAdmin

__all__ = ["GenerationAdmin", "live_admin", "routing_admin"]

REASON_MIN_CHARACTERS = 10
REASON_MAX_CHARACTERS = 300

SHOWN = (
    "id",
    "document",
    "user",
    "action",
    "visibility",
    "model",
    "prompt_version",
    "tier",
    "experiment",
    "arm",
    "state",
    "error_code",
    "epoch",
    "worker",
    "prompt_tokens",
    "completion_tokens",
    "request_id",
    "created_at",
    "started_at",
    "first_token_at",
    "ended_at",
)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        min_length=REASON_MIN_CHARACTERS,
        max_length=REASON_MAX_CHARACTERS,
        widget=forms.TextInput(attrs={"size": 80, "autocomplete": "off"}),
        help_text="Why you have to read it, e.g. the number of a report.",
    )


class NamedValues(admin.AllValuesFieldListFilter):
    """Every value there is, the empty one called none: a link needs a text."""

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "none"}


@admin.register(Generation)
class GenerationAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "action",
        "state",
        "error_code",
        "model",
        "user",
        "prompt_tokens",
        "completion_tokens",
    )
    list_filter = ("state", "action", ("model", NamedValues), ("error_code", NamedValues))
    search_fields = ("=id", "=request_id", "user__email")
    date_hierarchy = "created_at"
    fields = (*SHOWN, "transcript")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super().get_queryset(request).select_related("user", "document").defer("input", "text", "anchor", "events")
        )

    @admin.display(description="transcript")
    def transcript(self, generation: Generation) -> str:
        there = reverse("admin:assistant_generation_transcript", args=[generation.pk])
        return format_html('<a href="{}">Read, giving a reason</a>', there)

    def get_urls(self) -> list[URLPattern]:
        name = "assistant_generation_transcript"
        view = self.admin_site.admin_view(never_cache(self.read_transcript))
        return [path("<uuid:generation_id>/transcript/", view, name=name), *super().get_urls()]

    def read_transcript(self, request: HttpRequest, generation_id: UUID) -> HttpResponse:
        """Ask for a reason, write it down, then show what was asked and answered: as text, whatever it is."""
        if not request.user.has_perm("assistant.read_transcript"):
            raise PermissionDenied
        if not Generation.objects.filter(pk=generation_id).exists():
            raise Http404
        form = ReasonForm(request.POST or None)
        parts = None
        if form.is_valid():
            deeds.tell("transcript.read", target=("generation", generation_id), reason=form.cleaned_data["reason"])
            try:
                parts = _parts(Generation.objects.get(pk=generation_id))
            except InvalidToken:
                messages.error(request, "This text opens with none of the keys that are set here.")
                return redirect("admin:assistant_generation_change", generation_id)
        context = {
            **self.admin_site.each_context(request),
            "title": "Transcript",
            "opts": Generation._meta,
            "generation": Generation.objects.defer("input", "text", "anchor", "events").get(pk=generation_id),
            "form": form,
            "parts": parts,
        }
        return TemplateResponse(request, "admin/assistant/transcript.html", context)


def _parts(generation: Generation) -> list[tuple[str, str]]:
    """Return what is stored, named: the parts of the request, the answer and its edits."""
    parts = [
        (f"Asked: {name.replace('_', ' ')}", value if isinstance(value, str) else _lines(value))
        for name, value in (generation.input or {}).items()
        if value not in ("", [], None)
    ]
    if generation.text:
        parts.append(("Answered", generation.text))
    edits = [event for event in generation.events or () if event["type"] == "edit"]
    if edits:
        parts.append(("Proposed", "\n".join(f"{one['original']} → {one['replacement']}" for one in edits)))
    return parts


def _lines(value: Any) -> str:
    """Return a conversation's messages, one below the other; anything else as it is."""
    if isinstance(value, list):
        return "\n\n".join(
            f"{one.get('role', '')}: {one.get('content', '')}" if isinstance(one, dict) else str(one) for one in value
        )
    return str(value)
