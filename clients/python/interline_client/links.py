"""A document's share links: whoever opens one, signed in, holds its role for as long as it stands. The owner's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from interline_client.people import Person, moment
from interline_client.rest import Rest

LinkRole = Literal["editor", "commenter", "viewer"]


class _Same:
    """Stands for what is to stay as it is, where None takes it away."""


SAME = _Same()


@dataclass(frozen=True)
class ShareLink:
    """`url`: to hand over; None for a key that may only read. `people`: how many have opened it."""

    id: UUID
    role: str
    url: str | None
    has_password: bool
    is_expired: bool
    people: int
    created_by: Person | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    @classmethod
    def read(cls, answer: dict[str, Any]) -> "ShareLink":
        return cls(
            id=UUID(answer["id"]),
            role=answer["role"],
            url=answer["url"],
            has_password=answer["has_password"],
            is_expired=answer["is_expired"],
            people=answer["people"],
            created_by=Person.read_if_any(answer["created_by"]),
            created_at=datetime.fromisoformat(answer["created_at"]),
            expires_at=moment(answer["expires_at"]),
            last_used_at=moment(answer["last_used_at"]),
        )


class ShareLinks:
    """The links of one document. Iterating yields them, the oldest first, those that have expired among them."""

    def __init__(self, rest: Rest, document_id: UUID) -> None:
        self._rest = rest
        self._path = f"/documents/{document_id}/links/"

    async def __aiter__(self) -> AsyncIterator[ShareLink]:
        async for found in self._rest.items(self._path):
            yield ShareLink.read(found)

    async def create(
        self, role: LinkRole, *, expires_at: datetime | None = None, password: str | None = None
    ) -> ShareLink:
        """Make a link. `expires_at`: with a time zone; without one it stands until it is revoked."""
        body = {"role": role, "expires_at": _iso(expires_at), "password": password}
        return ShareLink.read(await self._rest.ask("POST", self._path, json=body))

    async def change(
        self,
        link_id: UUID,
        *,
        role: LinkRole | None = None,
        expires_at: datetime | _Same | None = SAME,
        password: str | _Same | None = SAME,
    ) -> ShareLink:
        """Change what is given, at once for everybody; None takes the expiry or the password away."""
        body: dict[str, Any] = {"role": role} if role else {}
        if not isinstance(expires_at, _Same):
            body["expires_at"] = _iso(expires_at)
        if not isinstance(password, _Same):
            body["password"] = password
        return ShareLink.read(await self._rest.ask("PATCH", f"{self._path}{link_id}/", json=body))

    async def revoke(self, link_id: UUID) -> None:
        """End at once what people hold by it, on open sockets too."""
        await self._rest.ask("DELETE", f"{self._path}{link_id}/")


def _iso(when: datetime | None) -> str | None:
    return when.isoformat() if when else None
