"""Says whether a port can be listened on. Runs before anything is installed: standard library only."""

import os
import socket
import sys


class PortTaken(Exception):
    """The message says which port and how to choose another."""


def parse_port(text: str) -> int:
    """Return the port number in `text`. Raises ValueError with a sentence for people."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise ValueError(f"PORT must be a number from 1 to 65535, not {text!r}. For example: PORT=8001 make run")
    return int(text)


def check_port(host: str, port: int) -> None:
    """Raise PortTaken when nothing can listen on `host`:`port`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise PortTaken(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                f"Choose another, for example: PORT={port % 65_535 + 1} make run"
            ) from None


def main() -> int:
    try:
        check_port(os.environ.get("HOST") or "127.0.0.1", parse_port(os.environ.get("PORT") or "8000"))
    except (ValueError, PortTaken) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
