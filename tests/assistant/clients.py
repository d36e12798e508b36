"""A client of the assistant socket, frame by frame, over a real connection."""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self
from uuid import uuid4

import pytest
from django.test import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from apps.accounts.models import User
from apps.documents.models import Document
from tests.processes import WebProcess

Frame = dict[str, Any]
ENDS = ("done", "failed", "cancelled")


class AssistantClient:
    """Keeps everything it hears in `frames`."""

    def __init__(
        self, web: WebProcess, user: User | None, document: Document, *, token: str = "", forwarded_for: str = ""
    ) -> None:
        headers = {"Origin": web.url}
        if forwarded_for:
            headers["X-Forwarded-For"] = forwarded_for
        if user is not None:
            headers["Cookie"] = cookie_of(user)
        self.frames: list[Frame] = []
        self._passed_over: dict[str, Frame] = {}
        self._stack = ExitStack()
        self.socket = self._stack.enter_context(
            connect(
                f"{web.socket_url}/ws/assistant/{document.pk}" + (f"?token={token}" if token else ""),
                additional_headers=headers,
                max_size=None,
                compression=None,
                close_timeout=1,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def send(self, frame: Frame | str | bytes) -> None:
        self.socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    def generate(self, text_before: str = "It was late. ", *, action: str = "continue", **fields: Any) -> str:
        """Ask for a continuation; returns its id."""
        generation_id = fields.pop("id", None) or str(uuid4())
        fields.setdefault("input", {"text_before": text_before})
        self.send({"type": "generate", "id": generation_id, "action": action, **fields})
        return str(generation_id)

    def hear(self, seconds: float = 30) -> Frame:
        frame: Frame = json.loads(self.socket.recv(timeout=seconds))
        self.frames.append(frame)
        return frame

    def hear_until(self, condition: Callable[[Frame], bool], seconds: float = 60) -> Frame:
        """Return the first frame that fulfils `condition`."""
        deadline = time.monotonic() + seconds
        while True:
            frame = self.hear(max(0.01, deadline - time.monotonic()))
            if condition(frame):
                return frame
            if frame["type"] in (*ENDS, "error") and "id" in frame:
                self._passed_over[frame["id"]] = frame

    def heard(self, condition: Callable[[Frame], bool]) -> Frame:
        """As `hear_until`, also of what is here already: what is told by two ways comes in any order."""
        return next(filter(condition, self.frames), None) or self.hear_until(condition)

    def hear_type(self, *types: str, seconds: float = 60) -> Frame:
        return self.hear_until(lambda frame: frame["type"] in types, seconds)

    def hear_end(self, generation_id: str, seconds: float = 60) -> Frame:
        """Return how a generation ends, also where it went by while another was waited for: they end in any order."""
        if generation_id in self._passed_over:
            return self._passed_over.pop(generation_id)
        return self.hear_until(
            lambda frame: frame.get("id") == generation_id and frame["type"] in (*ENDS, "error"), seconds
        )

    def settled(self) -> None:
        """Wait until everything the server had to say before now is here."""
        nonce = str(uuid4())
        self.send({"type": "ping", "nonce": nonce})
        self.hear_until(lambda frame: frame["type"] == "pong" and frame["nonce"] == nonce)

    def close_code(self, seconds: float = 30) -> int:
        """Read until the server closes; returns its code."""
        with pytest.raises(ConnectionClosed) as closed:
            self.hear_until(lambda _: False, seconds)
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code

    def events(self, generation_id: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.get("id") == generation_id and "seq" in frame]

    def text(self, generation_id: str) -> str:
        return "".join(frame["text"] for frame in self.events(generation_id) if frame["type"] == "chunk")


def assert_whole(events: list[Frame], *, after: int = 0) -> None:
    """Check that no event is missing, doubled or out of order, and that `done` tells the truth."""
    position = after
    for event in events:
        assert event["seq"] - event.get("span", 1) == position, [(one["type"], one["seq"]) for one in events]
        position = event["seq"]
    text = "".join(event["text"] for event in events if event["type"] == "chunk")
    for event in events:
        if event["type"] == "done" and after == 0:
            assert event["sha256"] == hashlib.sha256(text.encode()).hexdigest()
            assert event["characters"] == len(text)


def cookie_of(user: User) -> str:
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return "; ".join(f"{cookie.key}={cookie.value}" for cookie in browser.cookies.values())
