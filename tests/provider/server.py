"""An OpenAI-compatible model provider over HTTP, for tests and benchmarks: exact, and broken on demand."""

import asyncio
import json
import struct
import time
from dataclasses import dataclass, field
from itertools import cycle
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

from aiohttp import web

from tests.provider.behaviour import Behaviour, parse

KEEP_ALIVE_SECONDS = 0.2
READING_SECONDS = 0.15  # before a reset, which throws away what its receiver has not read yet
MODERATION_CATEGORIES = (
    *("harassment", "harassment/threatening", "sexual", "hate", "hate/threatening", "illicit", "illicit/violent"),
    *("self-harm/intent", "self-harm/instructions", "self-harm", "sexual/minors", "violence", "violence/graphic"),
)


@dataclass
class Received:
    """One request, and how it ended: `complete`, `fault`, or `client_gone` at `ended` (time.monotonic)."""

    model: str
    body: dict[str, Any]
    headers: dict[str, str]
    at: float = field(default_factory=time.monotonic)
    sent: int = 0
    sent_at: list[float] = field(default_factory=list)  # before each token was written
    first_token_at: float | None = None
    end: str = ""
    ended: float | None = None

    @property
    def prompt(self) -> str:
        return "\n".join(str(message["content"]) for message in self.body["messages"])

    def finish(self, end: str) -> None:
        self.end, self.ended = end, time.monotonic()


class ProviderServer:
    """The server and what it has seen."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.defaults = Behaviour()
        self.models: dict[str, Behaviour] = {}  # instead of the defaults
        self.requests: list[Received] = []
        self.moderations: list[Received] = []
        self.told_to_answer = asyncio.Event()
        self._counts: dict[str, int] = {}

    def application(self) -> web.Application:
        application = web.Application(client_max_size=32 * 2**20)
        application.router.add_post("/v1/chat/completions", self._complete)
        application.router.add_get("/v1/models", self._models)
        application.router.add_post("/v1/embeddings", self._embed)
        application.router.add_post("/v1/moderations", self._moderate)
        application.router.add_post("/control/defaults", self._set_defaults)
        application.router.add_get("/control/requests", self._list_requests)
        return application

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "test", "object": "model"}]})

    async def _embed(self, request: web.Request) -> web.Response:
        body = await request.json()
        vectors = [
            {"object": "embedding", "index": index, "embedding": [0.1, 0.2, 0.3]} for index in range(len(body["input"]))
        ]
        return web.json_response(
            {
                "object": "list",
                "model": body["model"],
                "data": vectors,
                "usage": {"prompt_tokens": 1, "total_tokens": 1},
            }
        )

    async def _moderate(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        received = Received(body["model"], body, dict(request.headers))
        self.moderations.append(received)
        behaviour = parse(body["model"], self.models.get(body["model"], Behaviour()))
        if behaviour.fault == "stall-first":
            await self._until_gone(request)
        if behaviour.when_told:
            await self.told_to_answer.wait()
        await asyncio.sleep(behaviour.first)
        if behaviour.fault:
            error = {"message": f"the provider's own words {body['input']}", "type": "test", "code": None}
            return web.json_response({"error": error}, status=int(behaviour.fault))
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        received.finish("complete")
        results = [_moderated(text, behaviour) for text in texts]
        return web.json_response({"id": "modr-test", "model": body["model"], "results": results})

    async def _set_defaults(self, request: web.Request) -> web.Response:
        self.defaults = Behaviour(**await request.json())
        return web.json_response({})

    async def _list_requests(self, request: web.Request) -> web.Response:
        return web.json_response(
            [{"model": one.model, "prompt": one.prompt, "sent": one.sent, "end": one.end} for one in self.requests]
        )

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        received_ns = time.monotonic_ns()
        body = await request.json()
        received = Received(body["model"], body, dict(request.headers))
        self.requests.append(received)
        behaviour = parse(body["model"], self.models.get(body["model"], self.defaults))
        self._counts[body["model"]] = count = self._counts.get(body["model"], 0) + 1
        fault = behaviour.fault if not behaviour.times or count <= behaviour.times else ""
        try:
            answer = await self._answer(request, body, received, behaviour, fault, received_ns)
            received.finish("fault" if fault else "complete")
        except ConnectionError:
            received.finish("client_gone")
            return web.Response()  # reaches nobody: the connection is closed
        except asyncio.CancelledError:
            received.finish("client_gone")
            raise
        return answer

    async def _answer(
        self,
        request: web.Request,
        body: dict[str, Any],
        received: Received,
        behaviour: Behaviour,
        fault: str,
        received_ns: int,
    ) -> web.StreamResponse:
        if fault.isdigit():
            headers = {"Retry-After": str(behaviour.retry_after)} if behaviour.retry_after else {}
            error = {"message": "the provider's own words sk-secret", "type": "test", "code": None}
            return web.json_response({"error": error}, status=int(fault), headers=headers)
        if fault == "policy":
            error = {"message": "rejected by our safety system", "code": "content_policy_violation"}
            return web.json_response({"error": {"type": "invalid_request_error", **error}}, status=400)
        if fault == "html":
            return web.Response(text="<html><body>Bad gateway</body></html>", content_type="text/html")
        if fault == "stall-first":
            await self._until_gone(request)
        if not body.get("stream"):
            await asyncio.sleep(behaviour.first)
            return web.json_response(_whole(body, behaviour))
        return await self._stream(request, body, received, behaviour, fault, received_ns)

    async def _stream(
        self,
        request: web.Request,
        body: dict[str, Any],
        received: Received,
        behaviour: Behaviour,
        fault: str,
        received_ns: int,
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(_event(body, {"role": "assistant", "content": ""}))
        tokens = behaviour.answer()
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or len(tokens)
        due = time.monotonic() + behaviour.first
        for index, token in enumerate(cycle(tokens) if fault == "endless" else tokens[:limit]):
            if fault and fault not in ("empty", "endless") and index == behaviour.at:
                return await self._break(request, response, fault)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += 1 / behaviour.rate if behaviour.rate else 0
            if behaviour.stamp:
                now = time.monotonic_ns()
                token = f"{index}@{now}@{received_ns} " if index == 0 else f"{index}@{now} "
            received.first_token_at = received.first_token_at or time.monotonic()
            received.sent_at.append(time.monotonic())
            await self._write_token(response, body, token, behaviour.split)
            received.sent += 1
        finish = "length" if limit < len(tokens) else behaviour.finish
        await response.write(_event(body, {}, finish=finish))
        if behaviour.usage and (body.get("stream_options") or {}).get("include_usage"):
            await response.write(_event(body, None, usage=_usage(body, min(limit, len(tokens)))))
        await response.write(b"data: [DONE]\n\n")
        return response

    @staticmethod
    async def _write_token(response: web.StreamResponse, body: dict[str, Any], token: str, split: str) -> None:
        if split == "surrogates":
            encoded = token.encode("utf-16-be")
            units = [encoded[at : at + 2].decode("utf-16-be", "surrogatepass") for at in range(0, len(encoded), 2)]
            for unit in units:
                await response.write(_event(body, {"content": unit}, ascii_only=True))
        elif split == "bytes":
            event = _event(body, {"content": token}, ascii_only=False)
            middle = event.index(token.encode()) + 2
            await response.write(event[:middle])
            await asyncio.sleep(0)
            await response.write(event[middle:])
        else:
            await response.write(_event(body, {"content": token}))

    async def _break(self, request: web.Request, response: web.StreamResponse, fault: str) -> web.StreamResponse:
        """Go wrong in the middle of a stream."""
        match fault:
            case "truncate":
                return response  # a well-formed HTTP end, but no finish reason
            case "stall":
                await self._until_gone(request)
            case "keep-alive":
                while True:
                    await response.write(b": keep-alive\n\n")
                    await asyncio.sleep(KEEP_ALIVE_SECONDS)
            case "malformed":
                await response.write(b'data: {"choices": [{"delta": {"content": "half\n\n')
                await response.write(b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n')
            case "error":
                await response.write(b'data: {"error": {"message": "overloaded", "code": 529}}\n\n')
            case "reset":
                await asyncio.sleep(READING_SECONDS)
                assert request.transport is not None
                socket = request.transport.get_extra_info("socket")
                socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
                request.transport.abort()
                raise ConnectionResetError
        return response

    @staticmethod
    async def _until_gone(request: web.Request) -> None:
        while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        raise ConnectionResetError


def _event(
    body: dict[str, Any],
    delta: dict[str, Any] | None,
    *,
    finish: str | None = None,
    usage: dict[str, int] | None = None,
    ascii_only: bool = True,
) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    event: dict[str, Any] = {
        "id": "chatcmpl-test",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": body["model"],
        "choices": choices,
    }
    if usage:
        event["usage"] = usage
    return b"data: " + json.dumps(event, ensure_ascii=ascii_only).encode() + b"\n\n"


def _moderated(text: str, behaviour: Behaviour) -> dict[str, Any]:
    """Return OpenAI's form of what a moderation model says of one text."""
    flags = set(filter(None, behaviour.flags.split(","))) if behaviour.where.lower() in text.lower() else set()
    categories = {name: name in flags for name in MODERATION_CATEGORIES}
    scores = {name: 0.97 if applies else 0.001 for name, applies in categories.items()}
    types = {name: ["text"] for name in categories}
    return {
        "flagged": bool(flags),
        "categories": categories,
        "category_scores": scores,
        "category_applied_input_types": types,
    }


def _usage(body: dict[str, Any], completion: int) -> dict[str, int]:
    prompt = sum(len(str(message["content"]).split()) for message in body["messages"])
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def _whole(body: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    tokens = behaviour.answer()
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "".join(tokens)},
                "finish_reason": behaviour.finish,
            }
        ],
        "usage": _usage(body, len(tokens)),
    }
