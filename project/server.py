"""Starts one web process: `python -m project.server --port 8000`. daphne, with what it lacks.

Added: limits of both protocols (`project.protocols`), `await send` that waits for a slow reader and a bounded queue in
(`project.flow`), and an orderly end within seconds (daphne alone waits for ever and drops sockets without a close
frame).
"""

import argparse
import asyncio
import logging
import os
import resource
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
os.environ.setdefault("ASGI_THREADS", "16")  # daphne sizes the event loop's thread pool by it on import
os.environ.setdefault("DATABASE_POOL_MAX", "20")  # connections of this process

# daphne installs its asyncio reactor on import, so it comes before anything that may touch Twisted.
from daphne import server as daphne_server  # isort: skip
from autobahn.twisted import websocket as autobahn_websocket
from autobahn.websocket import protocol as autobahn_protocol
from django.conf import settings
from twisted.internet import asyncioreactor, defer

from apps.collaboration.wires import DIRECT_SOCKET
from apps.core.close_codes import CloseCode
from apps.core.error_reports import start_error_reports
from apps.core.heap import leave_out_of_collections, use_huge_pages
from apps.core.ids import request_id
from apps.core.metrics_report import start_reporting, stop_reporting
from apps.core.readiness import say_ready
from apps.core.shutdown import run_last_calls, run_shutdown, say_goodbye
from apps.core.tracing import start_tracing, stop_tracing
from apps.llm.tokens import load_tokenizer
from project.flow import Intake
from project.heartbeat import Heart
from project.leaving import LAST_CALL_SECONDS
from project.protocols import HTTPProtocols, SocketProtocol, SocketProtocols

logger = logging.getLogger("project.server")  # started with -m, __name__ says nothing

GOODBYE_SECONDS = 1.0  # for clients to answer the close frame
CANCEL_SECONDS = 1.5  # for applications to end after cancellation
EXIT_SECONDS = 6.5  # whatever happens, the process has ended this long after SIGTERM; below the supervisor's patience
BODIES = ("websocket.send", "http.response.body")
BACKLOG = 1024  # connections waiting to be accepted: after a restart everybody comes at once


class Server(daphne_server.Server):
    """daphne's server with bounded queues and a bounded, orderly end."""

    heart: Heart | None = None

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """As daphne's, with our queue for sockets, and the socket itself for who wants to pass `send` by."""
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        if protocol not in self.connections:
            return None
        intake = Intake(protocol)
        scope |= {"asgi": {"version": "3.0"}, "extensions": {DIRECT_SOCKET: protocol}}
        task = asyncio.ensure_future(
            self.application(scope=scope, receive=intake.get, send=partial(self.handle_reply, protocol))
        )
        task.add_done_callback(partial(self._application_ended, protocol))
        self.connections[protocol]["application_instance"] = task
        return intake

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Hand a message on, and wait while the client leaves too much unread."""
        await super().handle_reply(protocol, message)
        if message["type"] in BODIES:
            await protocol.drained()

    @staticmethod
    def _application_ended(protocol: SocketProtocol, task: "asyncio.Task[None]") -> None:
        """Close a socket nobody reads any more. What the application raised is reported by daphne, with 1011."""
        if not task.cancelled() and not task.exception() and protocol.state == protocol.STATE_OPEN:
            protocol.close_with(1000)

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        leave_out_of_collections()
        use_huge_pages()
        say_ready()

    def kill_all_applications(self) -> Any:
        """End in order: commit, say goodbye to the sockets, commit what came meanwhile, then cancel what still runs."""
        watchdog = threading.Timer(EXIT_SECONDS, os._exit, args=(1,))
        watchdog.daemon = True
        watchdog.start()
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        request_id.set("-")  # Twisted's timers run in the context of whichever request set them
        logger.info("server.stopping", extra={"connections": len(self.connections)})
        for listener in self.listeners:
            listener.addCallback(lambda port: port.stopListening())
        await run_last_calls(LAST_CALL_SECONDS)
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
        stop_reporting()
        await asyncio.to_thread(stop_tracing)
        logger.info("server.stopped")

    def _close_sockets(self) -> None:
        for protocol, details in list(self.connections.items()):
            if isinstance(protocol, SocketProtocol) and "disconnected" not in details:
                protocol.close_with(CloseCode.RESTARTING)

    async def _wait_for_applications(self, seconds: float) -> None:
        running = [
            details["application_instance"]
            for details in self.connections.values()
            if "application_instance" in details and not details["application_instance"].done()
        ]
        if running:
            await asyncio.wait(running, timeout=seconds)


def _call(_selectable: Any, method: Callable[..., None], *arguments: Any) -> None:
    method(*arguments)


def serve(application: Any, *, host: str, port: int, descriptor: int | None = None) -> None:
    """Serve the ASGI `application` until SIGTERM or SIGINT, on `descriptor` where that is a socket that listens."""
    # autobahn lays out handshakes, and colours names of functions for every message, for debug lines that are never
    # written: 8 % of a join. Its imported names are no public ones, hence setattr.
    setattr(autobahn_protocol, "pformat", repr)  # noqa: B010
    for module in (autobahn_protocol, autobahn_websocket):
        setattr(module, "hltype", type)  # noqa: B010
        setattr(module, "hlval", type)  # noqa: B010
    # Twisted calls every reader through a context of log prefixes, which nobody reads: 10 % of an update's way in.
    setattr(asyncioreactor, "callWithLogger", _call)  # noqa: B010
    daphne_server.HTTPFactory = HTTPProtocols  # daphne takes no factories as arguments
    daphne_server.WebSocketFactory = SocketProtocols
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))  # one per client; the usual soft limit is 1,024
    interface = host.replace(":", r"\:")
    address = f"tcp:port={port}:interface={interface}:backlog={BACKLOG}"
    server = Server(
        application,
        endpoints=[address if descriptor is None else f"fd:fileno={descriptor}"],
        ping_interval=settings.SOCKET_PING_SECONDS,
        ping_timeout=settings.SOCKET_DEAD_SECONDS,
        websocket_timeout=-1,
        websocket_max_message_size=settings.SOCKET_MAX_MESSAGE_BYTES,
        websocket_max_frame_size=settings.SOCKET_MAX_MESSAGE_BYTES,
        http_timeout=settings.HTTP_ANSWER_SECONDS,
        server_name="interline",
    )
    server.heart = Heart("web")
    start_reporting("web")
    start_error_reports("web")
    start_tracing("web")
    load_tokenizer()
    server.run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    parser.add_argument("--fd", type=int, help="a listening IPv4 socket handed over, instead of host and port")
    arguments = parser.parse_args()

    from project.asgi import application  # noqa: PLC0415  (--help needs no settings)

    serve(application, host=arguments.host, port=arguments.port, descriptor=arguments.fd)


if __name__ == "__main__":
    main()
