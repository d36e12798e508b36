"""Says whether a port can be listened on. Runs before anything is installed: standard library only."""

import os
import socket
import sys

LAST_PORT = 65_535
PORTS_TRIED = 50  # after a taken one, to suggest one that is free


class PortTaken(Exception):
    """The message says which port and how to choose another."""


def parse_port(text: str) -> int:
    """Return the port number in `text`. Raises ValueError with a sentence for people."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LAST_PORT:
        raise ValueError(f"PORT must be a number from 1 to {LAST_PORT}, not {text!r}. For example: PORT=8001 make run")
    return int(text)


def check_port(host: str, port: int) -> None:
    """Raise PortTaken when nothing can listen on `host`:`port`."""
    problem = _problem(host, port)
    if problem:
        after = (port % LAST_PORT + step for step in range(1, PORTS_TRIED + 1))
        other = next((one for one in after if one <= LAST_PORT and not _problem(host, one)), port % LAST_PORT + 1)
        raise PortTaken(
            f"Port {port} on {host} cannot be used ({problem}). Choose another, for example: PORT={other} make run"
        )


def _problem(host: str, port: int) -> str | None:
    """Return why `port` cannot be listened on, or None when it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            return error.strerror or "no reason given"
    return None


def main() -> int:
    try:
        check_port(os.environ.get("HOST") or "127.0.0.1", parse_port(os.environ.get("PORT") or "8000"))
    except (ValueError, PortTaken) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
