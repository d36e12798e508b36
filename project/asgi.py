"""The ASGI application: pages and REST by Django, both sockets by Channels."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
http_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter  # noqa: E402

from project.routing import websocket_application  # noqa: E402  (models may be imported only now)

application = ProtocolTypeRouter({"http": http_application, "websocket": websocket_application})
