"""Documents, and the way to their links, comments and versions, to generations and live text."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import httpx

from interline_client.comments import Comments
from interline_client.generations import Generation
from interline_client.links import ShareLinks
from interline_client.rest import Rest
from interline_client.shared import SharedDocument
from interline_client.versions import FileFormat, Versions

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Document:
    """A document as its list shows it."""

    id: UUID
    title: str
    role: str
    word_count: int
    created_at: datetime
    edited_at: datetime

    @classmethod
    def read(cls, answer: dict[str, Any]) -> "Document":
        return cls(
            id=UUID(answer["id"]),
            title=answer["title"],
            role=answer["role"],
            word_count=answer["word_count"],
            created_at=datetime.fromisoformat(answer["created_at"]),
            edited_at=datetime.fromisoformat(answer["edited_at"]),
        )


@dataclass(frozen=True)
class Text:
    """A document's text at one moment. `version`: hand it back with what was changed, and nobody's words are lost."""

    text: str
    version: str


class Interline:
    """A server, as the person whose API key this is. Use it as an asynchronous context manager.

    Every method raises InterlineError for what the server refuses, httpx.TransportError where it cannot be reached.
    """

    def __init__(self, url: str, *, key: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._http = httpx.AsyncClient(
            base_url=f"{self._url}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=timeout_seconds
        )
        self._rest = Rest(self._http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    # Documents

    async def create_document(self, title: str = "", *, markdown: str = "") -> Document:
        """Make a document that begins with `markdown`."""
        body = {"title": title, **({"markdown": markdown} if markdown else {})}
        return Document.read(await self._rest.ask("POST", "/documents/", json=body))

    async def get_document(self, document_id: UUID) -> Document:
        return Document.read(await self._rest.ask("GET", f"/documents/{document_id}/"))

    async def documents(self, query: str = "") -> AsyncIterator[Document]:
        """Yield every document that is not in the trash, those whose title or text has `query`; page by page."""
        async for found in self._rest.items("/documents/", q=query):
            yield Document.read(found)

    async def rename_document(self, document_id: UUID, title: str) -> Document:
        return Document.read(await self._rest.ask("PATCH", f"/documents/{document_id}/", json={"title": title}))

    async def trash_document(self, document_id: UUID) -> None:
        await self._rest.ask("DELETE", f"/documents/{document_id}/")

    async def read_text(self, document_id: UUID, format: str = "markdown") -> Text:
        """Return what is committed of a document now, as markdown, html, text or json."""
        answer = await self._rest.answer("GET", _content(document_id), params={"format": format})
        return Text(answer.text, answer.headers["ETag"])

    async def read_file(self, document_id: UUID, format: FileFormat) -> bytes:
        """Return what is committed of a document now, as a Word or PDF file."""
        return (await self._rest.answer("GET", _content(document_id), params={"format": format})).content

    async def write_markdown(self, document_id: UUID, markdown: str, *, version: str = "") -> str:
        """Merge a changed text into the live document, as one edit; return its new version.

        `version`: of the text that was changed; what others wrote since stays. Without it, what `markdown` lacks of the
        present text is removed.
        """
        headers = {"Content-Type": "text/markdown", **({"If-Match": version} if version else {})}
        answer = await self._rest.answer("PUT", _content(document_id), content=markdown.encode(), headers=headers)
        return str(answer.headers["ETag"])

    async def share_document(self, document_id: UUID, email: str, role: str) -> None:
        """Give somebody a role: owner, editor, commenter or viewer."""
        await self._rest.ask("POST", f"/documents/{document_id}/members/", json={"email": email, "role": role})

    def links(self, document_id: UUID) -> ShareLinks:
        """Return a document's share links."""
        return ShareLinks(self._rest, document_id)

    def comments(self, document_id: UUID) -> Comments:
        """Return what is said about a document."""
        return Comments(self._rest, document_id)

    def versions(self, document_id: UUID) -> Versions:
        """Return how a document read before."""
        return Versions(self._rest, document_id)

    # The assistant

    async def generate(
        self,
        document_id: UUID,
        action: str,
        *,
        generation_id: UUID | None = None,
        visibility: str = "shared",
        options: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Generation:
        """Start a generation; `fields` are the action's input. The same `generation_id` again starts nothing."""
        generation_id = generation_id or uuid4()
        body = {
            "id": str(generation_id),
            "action": action,
            "input": fields,
            "visibility": visibility,
            "options": options or {},
        }
        await self._rest.ask("POST", f"/documents/{document_id}/generations/", json=body)
        return self.generation(generation_id)

    def generation(self, generation_id: UUID) -> Generation:
        """Return a generation that somebody started, to be followed from its beginning."""
        return Generation(self._http, generation_id)

    # Live text

    @asynccontextmanager
    async def open(self, document_id: UUID) -> AsyncIterator[SharedDocument]:
        """Open the document's text, kept in step with everybody's until the block ends."""

        async def token() -> str:
            answer = await self._rest.ask("POST", "/tokens", json={"document": str(document_id)})
            return str(answer["token"])

        address = f"{self._url.replace('http', 'ws', 1)}/ws/sync/{document_id}"
        async with SharedDocument(address, token).connected() as shared:
            yield shared


def _content(document_id: UUID) -> str:
    return f"/documents/{document_id}/content"
