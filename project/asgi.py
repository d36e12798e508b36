"""The ASGI application: pages and REST by Django, both sockets by Channels, all behind the edge."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
http_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402
from django.conf import settings  # noqa: E402

from apps.core.shutdown import run_shutdown  # noqa: E402
from project.edge import Edge  # noqa: E402
from project.fallback.endpoint import Fallback  # noqa: E402
from project.leaving import leave_before_the_server  # noqa: E402
from project.routing import websocket_application  # noqa: E402  (models may be imported only now)


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Write what is in memory when a server that speaks the lifespan protocol (not daphne) stops."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            leave_before_the_server()
        if message["type"] == "lifespan.shutdown":
            await run_shutdown(settings.SHUTDOWN_TIMEOUT_SECONDS)
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


application = Edge(
    ProtocolTypeRouter(
        {
            "http": Fallback(websocket_application, http_application),
            "websocket": websocket_application,
            "lifespan": lifespan,
        }
    ),
    max_body_bytes=settings.HTTP_MAX_BODY_BYTES,
)
