"""Starts one web process: `python -m project.server --port 8000`. daphne, with what it lacks.

Added: a body limit before anything is stored, back-pressure on sockets that send faster than we read, and an orderly
end within seconds (daphne alone waits for ever and drops sockets without a close frame).
"""

import argparse
import asyncio
import logging
import os
import threading
from functools import partial
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
os.environ.setdefault("ASGI_THREADS", "16")  # daphne sizes the event loop's thread pool by it on import
os.environ.setdefault("DATABASE_POOL_MAX", "20")  # connections of this process

# daphne installs its asyncio reactor on import, so it comes before anything that may touch Twisted.
from daphne import server as daphne_server  # isort: skip
from daphne.http_protocol import HTTPFactory, WebRequest  # isort: skip
from daphne.ws_protocol import WebSocketProtocol  # isort: skip
from autobahn.websocket import protocol as autobahn_protocol
from django.conf import settings
from twisted.internet import defer

from apps.core.close_codes import CloseCode
from apps.core.ids import request_id
from apps.core.shutdown import run_shutdown, say_goodbye
from project.edge import TOO_LARGE
from project.heartbeat import Heart

logger = logging.getLogger("project.server")  # started with -m, __name__ says nothing

PING_INTERVAL_SECONDS = 30
PING_TIMEOUT_SECONDS = 10
HTTP_TIMEOUT_SECONDS = 120
INTAKE_MAX_MESSAGES = 256  # unread messages of one socket; above it the socket is not read until half are gone
GOODBYE_SECONDS = 1.0  # for clients to answer the close frame
CANCEL_SECONDS = 1.5  # for applications to end after cancellation
EXIT_SECONDS = 6.5  # whatever happens, the process has ended this long after SIGTERM; below the supervisor's patience
BACKLOG = 1024  # connections waiting to be accepted: after a restart everybody comes at once


class Intake(asyncio.Queue[Any]):
    """A socket's unread messages. Bounded by pausing the transport, because daphne's `put_nowait` cannot wait."""

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self._protocol = protocol
        self._paused = False

    def _put(self, item: Any) -> None:
        super()._put(item)
        if self.qsize() > INTAKE_MAX_MESSAGES and not self._paused and self._protocol.transport:
            self._paused = True
            self._protocol.transport.pauseProducing()

    def _get(self) -> Any:
        item = super()._get()
        if self._paused and self.qsize() <= INTAKE_MAX_MESSAGES // 2:
            self._paused = False
            if self._protocol.transport:
                self._protocol.transport.resumeProducing()
        return item


class BoundedRequest(WebRequest):
    """Refuses a body over the limit as soon as it is known, before it fills the temporary folder."""

    received = 0
    refused = False

    def gotLength(self, length: int | None) -> None:  # noqa: N802  (Twisted's name)
        super().gotLength(length)
        if length is not None and length > settings.HTTP_MAX_BODY_BYTES:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self.received += len(data)
        if self.received > settings.HTTP_MAX_BODY_BYTES:
            self._refuse()
        elif not self.refused:
            super().handleContentChunk(data)

    def _refuse(self) -> None:
        """Answer 413 and hang up."""
        if not self.refused:
            self.refused = True
            logger.info("http.body_refused", extra={"limit_bytes": settings.HTTP_MAX_BODY_BYTES})
            self.channel.transport.write(
                b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(TOO_LARGE), TOO_LARGE)
            )
            self.channel.loseConnection()


class BoundedFactory(HTTPFactory):
    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        protocol = super().buildProtocol(addr)
        protocol.requestFactory = BoundedRequest
        return protocol


class Server(daphne_server.Server):
    """daphne's server with bounded intake and a bounded, orderly end."""

    heart: Heart | None = None

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """As daphne's, with our queue for sockets. `send` stays a partial of `handle_reply` and the protocol."""
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        if protocol not in self.connections:
            return None
        intake = Intake(protocol)
        scope.setdefault("asgi", {"version": "3.0"})
        self.connections[protocol]["application_instance"] = asyncio.ensure_future(
            self.application(scope=scope, receive=intake.get, send=partial(self.handle_reply, protocol))
        )
        return intake

    def kill_all_applications(self) -> Any:
        """End in order: say goodbye to the sockets, write what is in memory, then cancel what still runs."""
        watchdog = threading.Timer(EXIT_SECONDS, os._exit, args=(1,))
        watchdog.daemon = True
        watchdog.start()
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        request_id.set("-")  # Twisted's timers run in the context of whichever request set them
        logger.info("server.stopping", extra={"connections": len(self.connections)})
        for listener in self.listeners:
            listener.addCallback(lambda port: port.stopListening())
        self._close_sockets()
        say_goodbye()
        await self._wait_for_applications(GOODBYE_SECONDS)
        await run_shutdown(settings.SHUTDOWN_TIMEOUT_SECONDS)  # now nothing more comes in
        for details in self.connections.values():
            if "application_instance" in details:
                details["application_instance"].cancel()
        await self._wait_for_applications(CANCEL_SECONDS)
        if self.heart is not None:
            self.heart.stop()
        logger.info("server.stopped")

    def _close_sockets(self) -> None:
        for protocol, details in list(self.connections.items()):
            if isinstance(protocol, WebSocketProtocol) and "disconnected" not in details:
                protocol.sendClose(code=int(CloseCode.RESTARTING))

    async def _wait_for_applications(self, seconds: float) -> None:
        running = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details and not details["application_instance"].done()
        ]
        if running:
            await asyncio.wait(running, timeout=seconds)


def serve(application: Any, *, host: str, port: int) -> None:
    """Serve the ASGI `application` until SIGTERM or SIGINT."""
    # autobahn lays out every handshake for debug lines that are never written: 8 % of a join.
    setattr(autobahn_protocol, "pformat", repr)  # noqa: B010  (it is no public name, which mypy refuses)
    daphne_server.HTTPFactory = BoundedFactory  # daphne takes no factory as an argument
    interface = host.replace(":", r"\:")
    server = Server(
        application,
        endpoints=[f"tcp:port={port}:interface={interface}:backlog={BACKLOG}"],
        ping_interval=PING_INTERVAL_SECONDS,
        ping_timeout=PING_TIMEOUT_SECONDS,
        websocket_timeout=-1,
        websocket_max_message_size=settings.SOCKET_MAX_MESSAGE_BYTES,
        websocket_max_frame_size=settings.SOCKET_MAX_MESSAGE_BYTES,
        http_timeout=HTTP_TIMEOUT_SECONDS,
        server_name="interline",
    )
    server.heart = Heart("web")
    server.run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    arguments = parser.parse_args()

    from project.asgi import application  # noqa: PLC0415  (--help needs no settings)

    serve(application, host=arguments.host, port=arguments.port)


if __name__ == "__main__":
    main()
