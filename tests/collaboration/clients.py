"""A sync client for tests: real Yjs documents (pycrdt) over a real socket, frame by frame."""

import time
from contextlib import ExitStack
from typing import Any, Self

from pycrdt import Doc, Text
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from apps.collaboration.frames import Kind, frame, parse, read_varuint

ACK = 100
BROKEN = 1006  # the connection ended without a close frame


class SyncClient:
    """Sends what it is told to, and keeps what it hears in `doc`."""

    def __init__(self, url: str, cookie: str, origin: str) -> None:
        self.doc: Doc[Any] = Doc()
        self.synced = False
        self.acks: list[tuple[int, int]] = []  # position, count
        self.awareness: list[bytes] = []
        self.questions = 0
        self.updates_heard = 0
        self.first_answer: bytes | None = None
        self.answers_questions = True
        self._open = ExitStack()
        self._socket: ClientConnection = self._open.enter_context(
            connect(
                url,
                additional_headers={"Cookie": cookie, "Origin": origin},
                max_size=None,
                max_queue=4,  # who does not listen does not read
                compression=None,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._open.close()

    @property
    def text(self) -> str:
        return str(self.doc.get("t", type=Text))

    def send(self, data: bytes | str) -> None:
        self._socket.send(data)

    def send_update(self, update: bytes) -> None:
        self.send(frame(Kind.UPDATE, update))

    def type(self, text: str, at: int | None = None) -> None:
        """Insert `text` (at the end, or at an index) and send the update."""
        self.edit(lambda shared: shared.insert(len(shared) if at is None else at, text))

    def edit(self, change: Any) -> None:
        self.send_update(self.own_edit(change))

    def own_edit(self, change: Any) -> bytes:
        """Change the text here only, and return the update nobody has heard of."""
        before = self.doc.get_state()
        change(self.doc.get("t", type=Text))
        return self.doc.get_update(before)

    def ask(self) -> None:
        self.send(frame(Kind.STEP_1, self.doc.get_state()))

    def sync(self) -> Self:
        """Ask for everything and wait for the answer."""
        self.ask()
        self.listen_until(lambda: self.synced, what="the first answer")
        return self

    def sync_again(self) -> None:
        """Ask once more: when the answer is here, so is everything that was sent before it."""
        self.synced = False
        self.sync()

    def listen(self, seconds: float) -> None:
        """Take one message, or none within `seconds`."""
        try:
            message = self._socket.recv(timeout=seconds)
        except TimeoutError:
            return
        assert isinstance(message, bytes)
        if message[0] == ACK:
            position, at = read_varuint(message, 1)
            count, _ = read_varuint(message, at)
            self.acks.append((position, count))
            return
        kind, body = parse(message)
        if kind is Kind.STEP_1:
            self.questions += 1
            if self.answers_questions:
                self.send(frame(Kind.STEP_2, self.doc.get_update(body)))
        elif kind is Kind.AWARENESS:
            self.awareness.append(body)
        else:
            if kind is Kind.STEP_2 and not self.synced:
                self.synced, self.first_answer = True, body
            self.updates_heard += 1
            self.doc.apply_update(body)

    def listen_until(self, condition: Any, *, seconds: float = 30, what: str = "the condition") -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, f"{what} did not come within {seconds} s"
            self.listen(min(left, 0.1))

    def close_code(self, seconds: float = 30) -> int:
        """Wait until the server closes, and return its code."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            assert left > 0, f"the socket was not closed within {seconds} s"
            try:
                self.listen(min(left, 0.1))
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else BROKEN

    def wait_saved(self, count: int) -> None:
        self.listen_until(lambda: self.acks and self.acks[-1][1] >= count, what=f"the acknowledgement of {count}")
