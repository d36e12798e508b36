"""Calls of the REST interface."""

from collections.abc import AsyncIterator
from typing import Any

import httpx

from interline_client.errors import raise_for_problem


class Rest:
    """Every method raises InterlineError for what the server refuses, httpx.TransportError where it is out of reach."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = await self._http.request(method, path, **options)
        await raise_for_problem(answer)
        return answer

    async def ask(self, method: str, path: str, **options: Any) -> Any:
        """Return the JSON that is answered; None for an empty answer."""
        answer = await self.answer(method, path, **options)
        return answer.json() if answer.content else None

    async def items(self, path: str, **filters: Any) -> AsyncIterator[dict[str, Any]]:
        """Yield what a list has, page by page. Filters that are None are left out."""
        params = {name: value for name, value in filters.items() if value is not None}
        page, pages = 1, 1
        while page <= pages:
            answer = await self.ask("GET", path, params={**params, "page": page})
            for found in answer["items"]:
                yield found
            page, pages = page + 1, answer["pages"]
