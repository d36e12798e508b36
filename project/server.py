"""Starts one web process: `python -m project.server --port 8000`. A thin launcher of daphne with our limits set."""

# daphne installs its asyncio reactor on import, so it comes before anything that may touch Twisted.
from daphne.server import Server  # isort: skip

import argparse
import os

from django.conf import settings

PING_INTERVAL_SECONDS = 30
PING_TIMEOUT_SECONDS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

    from project.asgi import application  # noqa: PLC0415  (reads the settings named above)

    Server(
        application,
        endpoints=[f"tcp:port={arguments.port}:interface={arguments.host}"],
        ping_interval=PING_INTERVAL_SECONDS,
        ping_timeout=PING_TIMEOUT_SECONDS,
        websocket_timeout=-1,
        websocket_max_message_size=settings.SOCKET_MAX_MESSAGE_BYTES,
        websocket_max_frame_size=settings.SOCKET_MAX_MESSAGE_BYTES,
        http_timeout=120,
        server_name="interline",
    ).run()


if __name__ == "__main__":
    main()
