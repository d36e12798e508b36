"""What is said about a document's passages, in threads."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from interline_client.people import Person, moment
from interline_client.rest import Rest


@dataclass(frozen=True)
class Comment:
    """`user`: None where the account is gone. `state`: shown, removed, held or withheld; else `body` is empty."""

    id: UUID
    user: Person | None
    body: str
    mentions: tuple[Person, ...]
    state: str
    created_at: datetime
    edited_at: datetime | None

    @classmethod
    def read(cls, answer: dict[str, Any]) -> "Comment":
        return cls(
            id=UUID(answer["id"]),
            user=Person.read_if_any(answer["user"]),
            body=answer["body"],
            mentions=tuple(Person.read(one) for one in answer["mentions"]),
            state=answer["state"],
            created_at=datetime.fromisoformat(answer["created_at"]),
            edited_at=moment(answer["edited_at"]),
        )


@dataclass(frozen=True)
class Thread:
    """`anchor`: None where the whole document is meant. `quote`: what stood there. `comments`: the oldest first."""

    id: UUID
    anchor: dict[str, str] | None
    quote: str
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: Person | None
    comments: tuple[Comment, ...]

    @classmethod
    def read(cls, answer: dict[str, Any]) -> "Thread":
        return cls(
            id=UUID(answer["id"]),
            anchor=answer["anchor"],
            quote=answer["quote"],
            created_at=datetime.fromisoformat(answer["created_at"]),
            resolved_at=moment(answer["resolved_at"]),
            resolved_by=Person.read_if_any(answer["resolved_by"]),
            comments=tuple(Comment.read(one) for one in answer["comments"]),
        )


class Comments:
    """The threads of one document. `mentions`: ids of people in it, who are mailed; see `people`."""

    def __init__(self, rest: Rest, document_id: UUID) -> None:
        self._rest = rest
        self._document = f"/documents/{document_id}/"
        self._path = f"{self._document}comments/"

    async def threads(self, *, resolved: bool | None = None) -> AsyncIterator[Thread]:
        """Yield the threads, the oldest first; with `resolved`, only those that are, or are not."""
        async for found in self._rest.items(self._path, resolved=resolved):
            yield Thread.read(found)

    async def get(self, thread_id: UUID) -> Thread:
        return Thread.read(await self._rest.ask("GET", f"{self._path}{thread_id}/"))

    async def people(self) -> AsyncIterator[Person]:
        """Yield who can be mentioned."""
        async for found in self._rest.items(f"{self._document}people/"):
            yield Person.read(found)

    async def begin(
        self,
        body: str,
        *,
        anchor: dict[str, str] | None = None,
        quote: str = "",
        mentions: Sequence[UUID] = (),
        comment_id: UUID | None = None,
    ) -> Thread:
        """Begin a thread, about the whole document or the passage at `anchor`.

        `anchor`: `start` and `end`, two Yjs relative positions in base64, and `before` and `after`, some characters on
        either side. Sent again with the same `comment_id`, the same is said once.
        """
        said = {**_said(body, mentions, comment_id), "anchor": anchor, "quote": quote}
        return Thread.read(await self._rest.ask("POST", self._path, json=said))

    async def reply(
        self, thread_id: UUID, body: str, *, mentions: Sequence[UUID] = (), comment_id: UUID | None = None
    ) -> Comment:
        """Say something in a thread; a resolved one is open again."""
        said = _said(body, mentions, comment_id)
        return Comment.read(await self._rest.ask("POST", f"{self._path}{thread_id}/replies/", json=said))

    async def edit(self, thread_id: UUID, comment_id: UUID, body: str, *, mentions: Sequence[UUID] = ()) -> Comment:
        """Say in other words what one has said oneself. The first comment of a thread has the thread's id."""
        said = {"body": body, "mentions": [str(one) for one in mentions]}
        return Comment.read(await self._rest.ask("PATCH", self._at(thread_id, comment_id), json=said))

    async def remove(self, thread_id: UUID, comment_id: UUID) -> None:
        """Remove what one has said oneself, or as an owner anything."""
        await self._rest.ask("DELETE", self._at(thread_id, comment_id))

    async def restore(self, thread_id: UUID, comment_id: UUID) -> Comment:
        """Have a removed comment back."""
        return Comment.read(await self._rest.ask("POST", f"{self._at(thread_id, comment_id)}restore"))

    async def resolve(self, thread_id: UUID, *, resolved: bool = True) -> Thread:
        """Resolve a thread, or open it again."""
        body = {"resolved": resolved}
        return Thread.read(await self._rest.ask("PATCH", f"{self._path}{thread_id}/", json=body))

    def _at(self, thread_id: UUID, comment_id: UUID) -> str:
        return f"{self._path}{thread_id}/replies/{comment_id}/"


def _said(body: str, mentions: Sequence[UUID], comment_id: UUID | None) -> dict[str, Any]:
    return {"id": str(comment_id or uuid4()), "body": body, "mentions": [str(one) for one in mentions]}
