"""A socket over plain HTTP with the interface of `websockets`' client, for tests that run over both."""

import base64
import json
import threading
from collections import deque
from contextlib import suppress
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

ABNORMAL = 1006


def event_stream(lines: Any) -> Any:
    """Yield (number, frame) of the events in `lines`."""
    number = 0
    for line in lines:
        if line.startswith("id: "):
            number = int(line[4:])
        elif line.startswith("data: "):
            yield number, json.loads(line[6:])


class HTTPSocket:
    """Reads by a stream in a thread, or by long polls; writes each frame by a request of its own.

    `other_url`: the address of another web process, for every request but the first.
    """

    def __init__(
        self,
        url: str,
        headers: dict[str, str],
        *,
        protocols: tuple[str, ...] = (),
        polls: bool = False,
        other_url: str = "",
    ) -> None:
        parts = urlsplit(url)
        base = f"http://{parts.netloc}"
        query = f"?{parts.query}" if parts.query else ""
        self.http = httpx.Client(headers=headers, timeout=30)
        opened = self.http.post(f"{base}/fallback{parts.path}{query}", json={"protocols": protocols})
        assert opened.status_code == httpx.codes.CREATED, opened.text
        self.protocol = opened.json()["protocol"]
        self.session = f"{other_url or base}/fallback/sessions/{opened.json()['session']}"
        self.http.headers["Origin"] = other_url or base
        self.polls = polls
        self.sent = 0
        self.seen = 0
        self._arrived: deque[Any] = deque()
        self._news = threading.Condition()
        self._closing = False
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        if not self.polls:
            self._reader = threading.Thread(target=self._read_streams, daemon=True)
            self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._closing = True
        with suppress(httpx.HTTPError):
            self.http.post(self.session, json={"close": True})
        if self._reader is not None:
            self._reader.join(10)
        self.http.close()

    # Writing

    def send(self, data: str | bytes) -> None:
        frame = {"text": data} if isinstance(data, str) else {"binary": base64.b64encode(data).decode()}
        answer = self.write([frame], first=self.sent + 1)
        if answer.status_code != httpx.codes.REQUEST_ENTITY_TOO_LARGE:  # then the code is read
            assert answer.status_code == httpx.codes.OK, answer.text
        self.sent += 1

    def write(self, frames: list[Any], *, first: int, **more: Any) -> httpx.Response:
        return self.http.post(self.session, json={"seen": self.seen, "first": first, "frames": frames, **more})

    # Reading

    def recv(self, timeout: float | None = None) -> str | bytes:
        """Return the next frame. Raises TimeoutError, and ConnectionClosed with the code the server sent."""
        if self.polls and not self._arrived:
            self._poll(timeout or 20)
        with self._news:
            if not self._news.wait_for(lambda: self._arrived, timeout):
                raise TimeoutError
            frame = self._arrived[0] if "close" in self._arrived[0] else self._arrived.popleft()
        if "close" in frame:
            raise ConnectionClosedError(Close(frame["close"], ""), None)
        return str(frame["text"]) if "text" in frame else base64.b64decode(frame["binary"])

    def _poll(self, seconds: float) -> None:
        answer = self.http.get(self.session, params={"after": self.seen, "poll": max(1, round(seconds))})
        if answer.status_code != httpx.codes.OK:
            self._take(self.seen + 1, {"close": ABNORMAL})
        for number, frame in event_stream(answer.text.splitlines()):
            self._take(number, frame)

    def _read_streams(self) -> None:
        with httpx.Client(headers=self.http.headers, timeout=30) as http:
            while not self._closing:
                with http.stream("GET", self.session, params={"after": self.seen}) as stream:
                    if stream.status_code != httpx.codes.OK:
                        self._take(self.seen + 1, {"close": ABNORMAL})
                        return
                    for number, frame in event_stream(stream.iter_lines()):
                        self._take(number, frame)
                        if "close" in frame:
                            return

    def _take(self, number: int, frame: Any) -> None:
        assert number == self.seen + 1, f"frame {number} after {self.seen}"
        with self._news:
            self.seen = number
            self._arrived.append(frame)
            self._news.notify()


def connect(url: str, *, additional_headers: dict[str, str], **_: Any) -> HTTPSocket:
    """As `websockets.sync.client.connect`."""
    return HTTPSocket(url, additional_headers)


def connect_polling(url: str, *, additional_headers: dict[str, str], **_: Any) -> HTTPSocket:
    return HTTPSocket(url, additional_headers, polls=True)
