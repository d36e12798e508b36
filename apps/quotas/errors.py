"""Refusals of the quotas."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from apps.core.errors import InterlineError


@dataclass(frozen=True)
class Offer:
    """The same, otherwise: by `model`, of which `remaining_tokens` are left, or (grammar) in the browser."""

    kind: Literal["smaller_model", "in_browser"]
    model: str | None = None
    remaining_tokens: int | None = None


class QuotaExceeded(InterlineError):
    """The tokens of a day, week or month are used up. `retry_after`: until there are more. `offer`: what can be had."""

    code = "quota_exceeded"
    status = 429
    retryable = True
    offer: Offer | None = None

    @property
    def details(self) -> dict[str, Any]:
        return {"offer": asdict(self.offer)} if self.offer else {}


class LimitsUnknown(InterlineError):
    """Whether one may cannot be found out now, so what costs money is refused. Editing goes on."""

    code = "rate_limited"
    status = 503
    retryable = True
