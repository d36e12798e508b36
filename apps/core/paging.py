"""REST's lists in pages. What others there are is in the header `Link` (RFC 8288), and in the body of an object."""

from collections.abc import Sequence
from typing import Annotated, Any

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Schema
from pydantic import Field

LINK = {
    "description": "The first, previous, next and last page, where there are several (RFC 8288).",
    "schema": {"type": "string"},
    "example": '</api/v1/teams/?page=2&page_size=50>; rel="next"',
}
PAGED: dict[str, Any] = {"responses": {200: {"description": "A page of the list.", "headers": {"Link": LINK}}}}


class PageFilter(Schema):
    """A page past the end is the last one."""

    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=settings.LIST_PAGE_SIZE_MAX)] = settings.LIST_PAGE_SIZE


class PageOutput(Schema):
    """`count`: of the whole list."""

    count: int
    page: int
    pages: int


def page_of(
    rows: "QuerySet[Any] | Sequence[Any]", filters: PageFilter, request: HttpRequest, response: HttpResponse
) -> "Page[Any]":
    """Return the page of `rows` that is asked for, and tell of the others in `response`."""
    page: Page[Any] = Paginator(rows, filters.page_size).get_page(filters.page)
    if links := _links(request, page):
        response["Link"] = ", ".join(links)
    return page


def counted(page: "Page[Any]") -> dict[str, int]:
    """Return the members of PageOutput."""
    return {"count": page.paginator.count, "page": page.number, "pages": page.paginator.num_pages}


def _links(request: HttpRequest, page: "Page[Any]") -> list[str]:
    last = page.paginator.num_pages
    others = {"first": 1, "prev": page.number - 1, "next": page.number + 1, "last": last}
    return [
        f'<{_address(request, number)}>; rel="{name}"' for name, number in others.items() if 1 <= number <= last > 1
    ]


def _address(request: HttpRequest, number: int) -> str:
    asked = request.GET.copy()
    asked["page"] = str(number)
    return f"{request.path}?{asked.urlencode()}"
