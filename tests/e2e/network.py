"""A network between browser and site that misbehaves when told to: a TCP proxy that looks at each first request."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
END_OF_CHUNKS = b"0\r\n\r\n"


class Network:
    """Passes bytes between `url` and the site. What it is told holds for connections that begin afterwards."""

    def __init__(self, site_port: int) -> None:
        self.upgrades: Literal["pass", "refuse", "hang"] = "pass"
        self.is_down = False
        self.collects_streams = False  # sends a streamed answer on when it is whole
        self._site_port = site_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._begin(self._listen)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Break every connection."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self.cut()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _begin(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                self._begin(self._serve, self._listener.accept()[0])

    def _serve(self, browser: socket.socket) -> None:
        self._open.add(browser)
        with browser, suppress(OSError):
            head = browser.recv(2**16)
            if self.is_down:
                pass
            elif b"upgrade: websocket" in head.lower() and self.upgrades != "pass":
                if self.upgrades == "refuse":
                    browser.sendall(REFUSAL)
                else:
                    browser.recv(1)  # until it gives up
            elif head:
                self._connect(browser, head)
        self._open.discard(browser)

    def _connect(self, browser: socket.socket, head: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self._site_port)) as site:
            self._open.add(site)
            site.sendall(head)
            upstream = threading.Thread(target=_pass_on, args=(browser, site))
            upstream.start()
            _pass_on(site, browser, collects=self.collects_streams)
            upstream.join()
            self._open.discard(site)


def _pass_on(source: socket.socket, sink: socket.socket, *, collects: bool = False) -> None:
    held = b""
    with suppress(OSError):
        while data := source.recv(2**16):
            held += data
            if collects and b"text/event-stream" in held and not held.endswith(END_OF_CHUNKS):
                continue
            sink.sendall(held)
            held = b""
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def network_to(site_port: int) -> Iterator[Network]:
    network = Network(site_port)
    yield network
    network.stop()
