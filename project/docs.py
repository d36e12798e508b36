"""The page on which REST is described, and tried out."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase


class Docs(DocsBase):
    """Swagger UI in a page of ours: nothing in it is inline, so that it does under our content security policy."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        return render(request, "api/rest.html", {"url": self.get_openapi_url(api, kwargs)})
