"""Generations that have ended, as rows."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from apps.accounts.models import User
from apps.assistant.models import Decision, Generation, State
from apps.documents.models import Document


def someone() -> User:
    return User.objects.create(email=f"{uuid4().hex[:8]}@example.org", name="Someone")


def ended(user: User, document: Document, at: datetime, **fields: Any) -> Generation:
    """Make a generation that ended at `at` after two seconds, its first token after a quarter of one."""
    tokens = {"prompt_tokens": 100, "completion_tokens": 35}
    model = fields.get("model", "openai/test")
    generation = Generation.objects.create(
        id=uuid4(),
        document=document,
        user=user,
        input={"text_before": "x"},
        **{
            "action": "continue",
            "model": model,
            "prompt_version": "continue-2",
            "tier": "free",
            "state": State.DONE,
            "first_token_at": at - timedelta(seconds=1.75),
            "ended_at": at,
            "attempts": [{"model": model, "outcome": "done", **tokens}],
            **tokens,
            **fields,
        },
    )
    Generation.objects.filter(pk=generation.pk).update(created_at=at - timedelta(seconds=2))
    return generation


def decided(generation: Generation, decision: str, at: datetime, **fields: Any) -> Decision:
    made = Decision.objects.create(generation=generation, user=generation.user, decision=decision, **fields)
    Decision.objects.filter(pk=made.pk).update(created_at=at)
    return made
