"""A reverse proxy for tests, as it should be and as it is when somebody forgot a line of its configuration."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from tests.processes import free_port

PASSED = ("Cookie", "Origin", "Host", "Accept")


@dataclass(frozen=True)
class Proxy:
    """Passes everything to `target`, an http URL."""

    target: str
    upgrades: bool = True
    passes_host: bool = True
    gathers: bool = False  # sends an answer on when it is whole

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name: request.headers[name] for name in PASSED if name in request.headers}
        if not self.passes_host:
            headers.pop("Host", None)
        async with aiohttp.ClientSession(auto_decompress=False) as client:
            if self.upgrades and request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._socket(client, request, headers)
            async with client.request(
                request.method, self.target + request.path_qs, headers=headers, allow_redirects=False
            ) as answer:
                kept = {
                    name: answer.headers[name] for name in ("Content-Type", "X-Request-ID") if name in answer.headers
                }
                if self.gathers:
                    return web.Response(body=await answer.read(), status=answer.status, headers=kept)
                response = web.StreamResponse(status=answer.status, headers=kept)
                await response.prepare(request)
                async for piece in answer.content.iter_any():
                    await response.write(piece)
                return response

    async def _socket(
        self, client: aiohttp.ClientSession, request: web.Request, headers: dict[str, str]
    ) -> web.StreamResponse:
        inside = await client.ws_connect(self.target + request.path_qs, headers=headers)
        outside = web.WebSocketResponse()
        await outside.prepare(request)

        async def pass_on(
            source: "aiohttp.ClientWebSocketResponse | web.WebSocketResponse",
            sink: "aiohttp.ClientWebSocketResponse | web.WebSocketResponse",
        ) -> None:
            async for message in source:
                if message.type == aiohttp.WSMsgType.TEXT:
                    await sink.send_str(message.data)
                elif message.type == aiohttp.WSMsgType.BINARY:
                    await sink.send_bytes(message.data)
            await sink.close(code=source.close_code or 1000)

        await asyncio.gather(pass_on(inside, outside), pass_on(outside, inside))
        return outside


@contextmanager
def running(proxy: Proxy) -> Iterator[str]:
    """Run the proxy in a thread; yields its address."""
    loop, ready, port = asyncio.new_event_loop(), threading.Event(), free_port()

    async def start() -> web.AppRunner:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return runner

    def run() -> None:
        runner = loop.run_until_complete(start())
        loop.call_soon(ready.set)
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(10)
    yield f"http://127.0.0.1:{port}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
