"""The assistant socket: `/ws/assistant/<document>`, JSON text frames (`messages`)."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import redis
from channels.consumer import AsyncConsumer
from django.conf import settings
from django.db import InterfaceError, OperationalError

from apps.accounts.models import Scope
from apps.assistant.decisions import decide
from apps.assistant.delivery import Delivery, ReaderTooSlow
from apps.assistant.ends import cancel_generation
from apps.assistant.feed import Feed
from apps.assistant.feeds import feeds
from apps.assistant.messages.client import Ack, Cancel, Decide, Generate, Ping, Resume, Token, parse_client_message
from apps.assistant.messages.server import (
    PROTOCOL,
    SUBPROTOCOL,
    Error,
    Hello,
    ModelChoice,
    OpenGeneration,
    Pong,
    RoleChanged,
)
from apps.assistant.models import Generation
from apps.assistant.people import limits, person, quota
from apps.assistant.queries import find_generation, refuse_withdrawn, undecided_generations
from apps.assistant.services import start_on_loop
from apps.assistant.standing import Standing
from apps.assistant.tails import Tail
from apps.assistant.traces import Traces
from apps.assistant.transcripts import private_to, replay
from apps.core.addresses import socket_address
from apps.core.buckets import Bucket
from apps.core.close_codes import CloseCode
from apps.core.countries import socket_country
from apps.core.database import in_database
from apps.core.errors import Forbidden, InterlineError, Invalid
from apps.core.halves import until_one_ends
from apps.core.ids import request_id
from apps.core.messages import Message
from apps.core.tracing import NOTHING
from apps.documents.metrics import RESUMED
from apps.documents.signals import socket_resumed
from apps.documents.socket_tokens import accepted_protocol
from apps.documents.sockets import (
    SocketIdentity,
    SocketRefused,
    admitted,
    open_document_socket,
    open_with_token,
    recheck,
)
from apps.llm.routes import deployments, is_demo
from apps.moderation.errors import AgainstPolicy
from apps.quotas.rates import Window, may_open_socket, windows_of_origin

logger = logging.getLogger(__name__)

AWAY = (OperationalError, InterfaceError, redis.RedisError, OSError)  # a server that will be back
RETRY_SECONDS = 0.5
QUOTA_TOLD_SECONDS = 0.25  # after an end, which has said what is left; who asks again at once goes first
REQUESTS_AT_ONCE = 16  # of one socket; more wait in the socket's bounded intake


class Closing(Exception):
    """This socket has to be closed with `code`."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


class AssistantConsumer(AsyncConsumer):
    """Accepts, asks who it is, says hello; then reads and sends side by side until either ends.

    Channels' dispatch is passed by: it handles one message at a time and costs 180 µs for each.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()  # websocket.connect
        await send({"type": "websocket.accept", "subprotocol": accepted_protocol(scope, SUBPROTOCOL)})
        socket = None
        try:
            async with admitted():
                document_id = scope["url_route"]["kwargs"]["document_id"]
                identity = await open_document_socket(scope, document_id, needs=Scope.ASSISTANT)
                address = socket_address(scope)
                if not await may_open_socket(identity.user.pk, address):
                    raise SocketRefused(CloseCode.TOO_MANY)
                socket = AssistantSocket(identity, receive, send, address, socket_country(scope))
                await socket.enter()
            await socket.serve()
        except (SocketRefused, Closing) as refused:
            await send({"type": "websocket.close", "code": int(refused.code)})
        except ReaderTooSlow:
            await send({"type": "websocket.close", "code": int(CloseCode.TOO_SLOW)})
        except Exception:
            logger.exception("assistant.socket_failed")
            await send({"type": "websocket.close", "code": int(CloseCode.OVERLOADED)})
        finally:
            if socket is not None:
                await socket.leave()


class AssistantSocket:
    """One open socket: a reader of its document's feed."""

    def __init__(self, identity: SocketIdentity, receive: Any, send: Any, address: str, country: str) -> None:
        self.identity = identity
        self._address = address
        self._country = country
        self.user_id: UUID = identity.user.pk
        self._receive = receive
        self._send = send
        self._delivery = Delivery(self.user_id, self._send_text, self._ended)
        self._feed: Feed | None = None
        self._standing = Standing(self.user_id, lambda: self.identity.access, self._tell)
        self._traces = Traces()
        self._bad_frames = 0
        self._resumed = False
        self._frames = Bucket(settings.ASSISTANT_FRAMES_PER_SECOND, settings.ASSISTANT_FRAMES_BURST)
        self._bytes = Bucket(settings.ASSISTANT_BYTES_PER_SECOND, settings.ASSISTANT_BYTES_BURST)
        self._requests = asyncio.Semaphore(REQUESTS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._latest: dict[UUID | None, asyncio.Task[None]] = {}
        self._refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def enter(self) -> None:
        """Join the document's readers and say hello. Raises Closing."""
        self._feed = await feeds().join(self.identity.access.document.pk, self)
        if sum(reader.user_id == self.user_id for reader in self._feed.readers) > settings.ASSISTANT_SOCKETS_PER_PERSON:
            raise Closing(CloseCode.TOO_MANY)
        await self._say_hello()

    async def serve(self) -> None:
        """Run until the client leaves. Raises SocketRefused, Closing, ReaderTooSlow."""
        await until_one_ends(self._read(), self._delivery.run(), self._refused)

    async def leave(self) -> None:
        self._traces.end_all("left")
        if self._feed is not None:
            await feeds().leave(self._feed, self)
        for task in self._tasks:
            task.cancel()

    async def _say_hello(self) -> None:
        assert self._feed is not None
        undecided, generations = await asyncio.gather(
            in_database(undecided_generations, self._document_id), self._feed.open_generations()
        )
        visible = [generation for generation in generations if generation.is_visible_to(self.user_id)]
        for tail in list(self._feed.tails.values()):
            if tail.is_visible_to(self.user_id) and not tail.ended and not self._delivery.follows(tail.generation_id):
                self._delivery.follow(tail, len(tail.lines))
        policy, unavailable, reviewed, comments = await self._standing.read()
        allowance = self._standing.allowance
        self._tell(
            Hello(
                type="hello",
                protocol=PROTOCOL,
                user=person(self.identity.user),
                role=self.identity.access.role.value,
                limits=limits(allowance),
                quota=quota(allowance),
                models=[ModelChoice(name=one.model, demo=is_demo(one.model)) for one in deployments()],
                open=[
                    self._open_generation(generation, self._delivery.position(generation.pk)) for generation in visible
                ],
                undecided=[self._open_generation(generation, generation.last_seq) for generation in undecided],
                unavailable=unavailable,
                policy=policy,
                comments=comments,
            )
        )
        for one in reviewed:
            self._tell(one)

    @staticmethod
    def _open_generation(generation: Generation, seq: int) -> OpenGeneration:
        return OpenGeneration(
            id=generation.pk,
            action=generation.action,
            user=person(generation.user),
            anchor=generation.anchor,
            seq=seq,
            conversation=generation.conversation_id,
        )

    # ------------------------------------------------------------ reading

    async def _read(self) -> None:
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                return
            text, data = event.get("text"), event.get("bytes")
            self._count_frame(len(text.encode() if text is not None else data or b""))
            try:
                await self._take(text, data)
                self._bad_frames = 0
            except InterlineError as error:
                self._bad_frames += 1
                self._refuse(error, None)
                if self._bad_frames >= settings.ASSISTANT_BAD_FRAMES_MAX:
                    raise Closing(CloseCode.PROTOCOL_VIOLATION) from None

    async def _take(self, text: str | None, data: bytes | None) -> None:
        """Act on one frame. Raises Invalid where it is not one of ours; waits only while too much is being done."""
        if text is None:
            raise Invalid("Frames are JSON text, not binary.")
        message = parse_client_message(text)
        match message:
            case Ack():
                self._delivery.acknowledge(message.after)
            case Ping():
                self._tell(Pong(type="pong", nonce=message.nonce))
            case Generate():
                await self._do(message.id, self._generate(message))
            case Cancel():
                await self._do(message.id, self._cancel(message))
            case Decide():
                await self._do(message.id, in_database(decide, self.identity.user, self._document_id, message))
            case Resume():
                await self._do(None, self._resume(message))
            case Token():
                await self._do(None, self._renew(message))

    def _count_frame(self, size: int) -> None:
        """Count a frame of `size` bytes: a flood would cost everybody's time, so its socket is closed."""
        if size > settings.ASSISTANT_FRAME_MAX_BYTES:
            raise Closing(CloseCode.TOO_LARGE)
        now = time.monotonic()
        if not self._frames.take(1, now) or not self._bytes.take(size, now):
            raise Closing(CloseCode.TOO_MANY)

    async def _do(self, generation_id: UUID | None, work: Awaitable[Any]) -> None:
        """Do `work` beside the reading; what goes wrong is told to the client. Every request has an id of its own."""
        await self._requests.acquire()
        earlier = self._latest.get(generation_id)

        async def run() -> None:
            request_id.set(uuid4().hex)
            try:
                if earlier is not None:  # a cancel must not overtake its generate
                    await asyncio.wait({earlier})
                await work
            except InterlineError as error:
                self._refuse(error, generation_id)
            except Exception:
                logger.exception("assistant.request_failed")
                self._refuse(InterlineError("Something went wrong here. Nothing was lost; try again."), generation_id)
            finally:
                self._requests.release()

        task = self._latest[generation_id] = self._spawn(run())
        task.add_done_callback(partial(self._forget, generation_id))

    def _forget(self, generation_id: UUID | None, task: "asyncio.Task[None]") -> None:
        if self._latest.get(generation_id) is task:
            del self._latest[generation_id]

    # ------------------------------------------------------------ requests

    async def _generate(self, message: Generate) -> None:
        span = self._traces.begin(message, self._document_id)
        if span is not NOTHING:
            self._delivery.watch(message.id, lambda: span.event("first text sent"))
        try:
            with span.current():
                generation, is_new = await start_on_loop(
                    self.identity.user, self._document_id, message, windows=self._windows()
                )
        except InterlineError as error:
            if self._traces.has(message.id, span):
                self._traces.end(message.id, error.code)
            if isinstance(error, AgainstPolicy):
                self._spawn(self._standing.tell_policy())
            raise
        if not is_new and not self._delivery.follows(generation.pk):
            await self._persist(partial(self._replay, generation, 0))

    def _windows(self) -> list[Window]:
        token = self.identity.token
        return windows_of_origin(self._address, self._country, token.key_id if token else None)

    async def _renew(self, message: Token) -> None:
        """Go on with another token of the same person. With a wrong one, until the present one ends."""
        try:
            identity = await open_with_token(message.token, self._document_id, needs=Scope.ASSISTANT)
        except SocketRefused:
            raise Forbidden("This token is not valid here. The socket goes on until the present one ends.") from None
        if self.identity.token is None or identity.user.pk != self.user_id:
            raise Forbidden("A token renews a socket that was opened with one of the same person.")
        self.identity = identity

    async def _cancel(self, message: Cancel) -> None:
        await self._persist(partial(in_database, cancel_generation, self.identity.user, self._document_id, message.id))

    async def _resume(self, message: Resume) -> None:
        if not self._resumed and any(message.after.values()):
            self._resumed = True
            RESUMED.labels("assistant").inc()
            socket_resumed.send(sender=type(self), kind="assistant")
        for generation_id, seq in list(message.after.items())[: settings.ASSISTANT_RESUME_MAX_GENERATIONS]:
            try:
                await self._persist(partial(self._resume_one, generation_id, seq))
            except InterlineError as error:
                self._refuse(error, generation_id)

    async def _resume_one(self, generation_id: UUID, seq: int) -> None:
        generation = await in_database(find_generation, self.identity.user, self._document_id, generation_id)
        await self._replay(generation, seq)

    @staticmethod
    async def _persist(work: Callable[[], Awaitable[None]]) -> None:
        """Do what the client asks for once only, and what may be done twice, as soon as the servers can be reached."""
        while True:
            try:
                return await work()
            except AWAY:
                await asyncio.sleep(RETRY_SECONDS)

    async def _replay(self, generation: Generation, after: int) -> None:
        """Follow a generation from `after` on: in the feed while it runs, from its transcript afterwards."""
        assert self._feed is not None
        refuse_withdrawn(generation)
        tail = self._feed.tails.get(generation.pk)
        if tail is None and generation.is_ended:
            tail = Tail(generation.pk, private_to(generation))
            tail.extend(await in_database(replay, generation))
        elif tail is None:
            tail = await self._feed.load(generation.pk)
        if tail is not None:  # else it is queued, and followed as soon as it starts
            self._delivery.follow(tail, after)

    # ------------------------------------------------------------ what the feed calls

    def follow(self, tail: Tail, after: int) -> None:
        self._delivery.follow(tail, after)

    def wake(self) -> None:
        self._delivery.wake()

    def tell(self, frame: str) -> None:
        self._delivery.tell(frame)

    @property
    def backlog(self) -> int:
        return self._delivery.backlog

    def still_reads(self, tail: Tail) -> bool:
        return self._delivery.still_reads(tail)

    def recheck_soon(self) -> None:
        self._spawn(self._recheck())

    async def _recheck(self) -> None:
        before = self.identity.access
        try:
            self.identity = await recheck(self.identity)
            now = self.identity.access
            self._standing.tell_comments(now.document.comments_version, None)
            if now.role != before.role:
                self._tell(RoleChanged(role=now.role.value))
            if (now.role, now.own, now.document.team_id) != (before.role, before.own, before.document.team_id):
                await self._standing.tell_policy()
        except SocketRefused as refused:
            self._end(refused)
        except Exception:
            logger.warning("assistant.recheck_failed", exc_info=True)  # the next sweep looks again

    def quota_changed(self, within_seconds: float) -> None:
        after_seconds = random.uniform(0, within_seconds)  # noqa: S311  (not a secret)
        self._spawn(self._standing.tell_quota(after_seconds))
        self._spawn(self._standing.tell_policy(after_seconds))  # another tier may have another

    def policy_changed(self, team: str, within_seconds: float) -> None:
        if team in ("", str(self._team_id)):
            self._spawn(self._standing.tell_policy(random.uniform(0, within_seconds)))  # noqa: S311  (not a secret)

    def request_reviewed(self) -> None:
        self._spawn(self._standing.tell_reviewed())

    def comments_changed(self, version: int, thread_id: UUID | None) -> None:
        self._standing.tell_comments(version, thread_id)

    def actions_changed(self) -> None:
        self._spawn(self._standing.tell_actions())

    def go_away(self) -> None:
        self._end(SocketRefused(CloseCode.RESTARTING))

    def _end(self, reason: SocketRefused) -> None:
        if not self._refused.done():
            self._refused.set_exception(reason)

    # ------------------------------------------------------------ sending

    @property
    def _document_id(self) -> UUID:
        return self.identity.access.document.pk

    @property
    def _team_id(self) -> UUID | None:
        return self.identity.access.document.team_id

    def _ended(self, tail: Tail) -> None:
        self._traces.end(tail.generation_id)
        if self._feed is not None and self._feed.tails.get(tail.generation_id) is tail:
            self._feed.forget_ended(tail)
            if tail.asked_by == self.user_id:
                self._spawn(self._standing.tell_quota(QUOTA_TOLD_SECONDS))

    async def _send_text(self, frame: str) -> None:
        await self._send({"type": "websocket.send", "text": frame})

    def _tell(self, message: Message) -> None:
        self._delivery.tell(message.model_dump_json())

    def _refuse(self, error: InterlineError, generation_id: UUID | None) -> None:
        logger.info("assistant.refused", extra={"code": error.code})
        self._tell(
            Error(
                type="error",
                id=generation_id,
                code=error.code,
                message=error.message,
                retryable=error.retryable,
                retry_after=error.retry_after,
                **error.details,
            )
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
