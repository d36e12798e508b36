"""A person's usage: a page with a plot, and a file."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.models import User
from apps.core import deeds
from apps.quotas.allowances import Allowance, allowance_of, shares_of
from apps.quotas.plot import plot
from apps.quotas.usage import DAYS_SHOWN, csv_of, pools_of, usage_of

WARNING_SHARE = 0.8


@login_required
@require_safe
def usage_page(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    allowance = allowance_of(request.user.pk)
    days, actions = usage_of(request.user.pk)
    context = {
        "allowance": allowance,
        "shares": _shares(allowance),
        "pools": [(pool, _shares(pool.allowance)) for pool in pools_of(request.user.pk)],
        "days": [day for day in reversed(days) if day.tokens or day.given_back],
        "actions": list(enumerate(actions)),
        "plot": plot(days, actions),
        "days_shown": DAYS_SHOWN,
    }
    return render(request, "quotas/usage.html", context)


def _shares(allowance: Allowance) -> list[dict[str, Any]]:
    return [
        {
            "name": "smaller" if share is allowance.smaller else share.window,
            "used": share.committed,
            "limit": share.limit,
            "left": share.left,
            "resets_at": share.resets_at,
            "is_scarce": share.limit is not None and share.committed >= share.limit * WARNING_SHARE,
        }
        for share in shares_of(allowance)
    ]


@login_required
@require_safe
def usage_file(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    deeds.tell("usage.exported", target=("user", request.user.pk))
    answer = HttpResponse("".join(csv_of(request.user.pk)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="interline-usage.csv"'
    return answer
