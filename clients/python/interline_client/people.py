"""People as others in a document see them, and moments as the server's JSON has them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Person:
    id: UUID
    name: str

    @classmethod
    def read(cls, answer: dict[str, Any]) -> "Person":
        return cls(UUID(answer["id"]), answer["name"])

    @classmethod
    def read_if_any(cls, answer: dict[str, Any] | None) -> "Person | None":
        """None: there is nobody, or the account is gone."""
        return cls.read(answer) if answer else None


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
