"""Which socket path leads where."""

from channels.routing import URLRouter
from channels.sessions import CookieMiddleware
from django.urls import path, re_path

from apps.assistant.consumers import AssistantConsumer
from apps.collaboration.consumers import SyncConsumer
from project.sockets import Counted, OriginCheck, no_such_socket

websocket_application = Counted(
    OriginCheck(
        CookieMiddleware(
            URLRouter(
                [
                    path("ws/sync/<uuid:document_id>", SyncConsumer.as_asgi()),
                    path("ws/assistant/<uuid:document_id>", AssistantConsumer.as_asgi()),
                    re_path(r"", no_such_socket),  # type: ignore[arg-type]  # an ASGI application, as Channels routes
                ]
            )
        )
    )
)
