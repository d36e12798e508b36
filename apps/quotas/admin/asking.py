"""What the admin's pages of quotas share: asking before doing, and small tables."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class AsksFirst:
    """An action that shows what it will do to whom, and does it when that is confirmed."""

    def ask(
        self, request: HttpRequest, queryset: QuerySet[Any], *, action: str, question: str, form: forms.Form | None
    ) -> HttpResponse:
        across = request.POST.get("select_across") == "1"
        context = {
            **admin.site.each_context(request),
            "title": question,
            "opts": queryset.model._meta,
            "action": action,
            "chosen": list(queryset[:20]),
            # All that a filter finds may be more than a form can name.
            "ids": [str(one.pk) for one in (queryset[:1] if across else queryset)],
            "select_across": "1" if across else "0",
            "count": queryset.count(),
            "form": form,
        }
        return TemplateResponse(request, "admin/quotas/ask.html", context)


def is_confirmed(request: HttpRequest) -> bool:
    return "confirmed" in request.POST


def moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def table(heads: tuple[str, ...], rows: Any) -> SafeString:
    cells = ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows)
    body = format_html_join("", "<tr>{}</tr>", cells)
    if not body:
        return SafeString("–")
    head = format_html_join("", "<th>{}</th>", ((name,) for name in heads))
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", head, body)
