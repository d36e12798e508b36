"""Sensitive actions, told by whoever does them to the audit trail above (`apps.moderation`).

Told inside the transaction of what is done: both are committed, or neither is.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.dispatch import Signal

done = Signal()  # deed: Deed


@dataclass(frozen=True)
class Deed:
    """`action`: a noun and what happened to it, e.g. `document.role_changed`. `target`: (kind, id), or None.

    `actor_id`: None stands for whoever made the request. `detail` has ids, roles and sizes; never text.
    """

    action: str
    target: tuple[str, str] | None = None
    actor_id: UUID | None = None
    detail: dict[str, Any] = field(default_factory=dict)


def tell(action: str, *, target: tuple[str, object] | None = None, actor_id: UUID | None = None, **detail: Any) -> None:
    """Tell the audit trail. What it cannot write down does not happen: its error is the caller's."""
    named = (target[0], str(target[1])) if target else None
    done.send(sender=Deed, deed=Deed(action, named, actor_id, detail))
