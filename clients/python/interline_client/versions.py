"""How a document read before."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from interline_client.people import Person
from interline_client.rest import Rest

FileFormat = Literal["docx", "pdf"]
TextFormat = Literal["markdown", "html", "text", "json"]


@dataclass(frozen=True)
class Version:
    """`kind`: automatic, named or restored. `authors`: of what came since the version before."""

    number: int
    kind: str
    name: str
    created_at: datetime
    authors: tuple[Person, ...]
    made_by: Person | None
    restored_from: int | None

    @classmethod
    def read(cls, answer: dict[str, Any]) -> "Version":
        return cls(
            number=answer["number"],
            kind=answer["kind"],
            name=answer["name"],
            created_at=datetime.fromisoformat(answer["created_at"]),
            authors=tuple(Person.read(one) for one in answer["authors"]),
            made_by=Person.read_if_any(answer["made_by"]),
            restored_from=answer["restored_from"],
        )


@dataclass(frozen=True)
class Restored:
    """`before`: the version that reads as the document did until now: restore it to undo this.

    `made`: the version it reads as now; None where it read so already.
    """

    before: int
    made: int | None


class Versions:
    """The versions of one document. Iterating yields them, the newest first."""

    def __init__(self, rest: Rest, document_id: UUID) -> None:
        self._rest = rest
        self._path = f"/documents/{document_id}/versions/"

    async def __aiter__(self) -> AsyncIterator[Version]:
        async for found in self._rest.items(self._path):
            yield Version.read(found)

    async def get(self, number: int) -> Version:
        return Version.read(await self._rest.ask("GET", self._at(number)))

    async def name(self, name: str) -> Version:
        """Name the document as it is now. Versions with a name stay."""
        return Version.read(await self._rest.ask("POST", self._path, json={"name": name}))

    async def rename(self, number: int, name: str) -> Version:
        """Give a version a name, another one, or (with "") none any more."""
        return Version.read(await self._rest.ask("PATCH", self._at(number), json={"name": name}))

    async def remove(self, number: int) -> None:
        """Remove a version for good. The owner's."""
        await self._rest.ask("DELETE", self._at(number))

    async def read_text(self, number: int, format: TextFormat = "markdown") -> str:
        """Return what a version reads."""
        return (await self._rest.answer("GET", self._at(number), params={"format": format})).text

    async def read_file(self, number: int, format: FileFormat) -> bytes:
        """Return a version as a Word or PDF file."""
        return (await self._rest.answer("GET", self._at(number), params={"format": format})).content

    async def restore(self, number: int) -> Restored:
        """Make the document read as this version does, by one more edit beside everybody's."""
        answer = await self._rest.ask("POST", f"{self._at(number)}restore")
        return Restored(answer["before"], answer["made"])

    def _at(self, number: int) -> str:
        return f"{self._path}{number}/"
