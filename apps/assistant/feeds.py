"""The feeds of all documents open in one web process: it passes on to their readers what concerns them.

What changed elsewhere comes by control messages. They may be lost, so readers look again from time to time.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

from django.conf import settings

from apps.assistant import metrics
from apps.assistant.feed import Feed, Reader
from apps.assistant.messages.server import ConversationChanged, Withdrawn
from apps.core import flags
from apps.core.control import control
from apps.core.kept import all_known
from apps.core.loops import per_loop
from apps.core.shutdown import on_goodbye
from apps.moderation.policies import POLICY_CHANGED, forget
from apps.moderation.reviewed import REQUEST_REVIEWED
from apps.quotas.signals import QUOTA_CHANGED

logger = logging.getLogger(__name__)

EVERYBODY_SECONDS = 3.0  # a tier was changed: everybody's sockets ask what is left, not all at once
POLICY_SECONDS = 0.001  # for each of the sockets that look what a policy says now


class Feeds:
    """The feeds of one event loop, and the watch over who may still read them."""

    def __init__(self) -> None:
        self._feeds: dict[UUID, Feed] = {}
        control().listen("access_changed", self._access_changed)
        control().listen("signed_out", self._signed_out)
        control().listen(QUOTA_CHANGED, self._quota_changed)
        control().listen(POLICY_CHANGED, self._policy_changed)
        control().listen("conversation_changed", self._conversation_changed)
        control().listen("generation_withdrawn", self._generation_withdrawn)
        control().listen("comments_changed", self._comments_changed)
        control().listen(REQUEST_REVIEWED, self._request_reviewed)
        self._telling: asyncio.Task[None] | None = None
        self._actions_stale = False
        flags.when_changed(partial(_in_loop, asyncio.get_running_loop(), self._actions_changed))
        self._sweeping = asyncio.create_task(self._sweep(), name="assistant-recheck")
        on_goodbye(self._go_away)
        metrics.BACKLOG.set_function(self._backlog)

    def _backlog(self) -> int:
        return sum(reader.backlog for reader in self._readers())

    def _readers(self, document: str = "") -> list[Reader]:
        """Return who reads in this document; without one, all."""
        if not document:
            return [reader for feed in list(self._feeds.values()) for reader in list(feed.readers)]
        feed = self._feeds.get(UUID(document))
        return list(feed.readers) if feed else []

    async def join(self, document_id: UUID, reader: Reader) -> Feed:
        """Return the document's feed with `reader` in it; what starts from now on is followed."""
        feed = self._feeds.get(document_id)
        if feed is None:
            feed = self._feeds[document_id] = Feed(document_id)
        feed.readers.add(reader)
        try:
            await feed.opened()
        except BaseException:
            await self.leave(feed, reader)
            raise
        return feed

    async def leave(self, feed: Feed, reader: Reader) -> None:
        feed.readers.discard(reader)
        if not feed.readers and self._feeds.get(feed.document_id) is feed:
            del self._feeds[feed.document_id]
            await feed.close()

    def _go_away(self) -> None:
        for reader in self._readers():
            reader.go_away()

    def _quota_changed(self, message: dict[str, str]) -> None:
        whose = message.get("user_id", "")
        for reader in self._readers():
            if whose in ("", str(reader.user_id)):
                reader.quota_changed(0 if whose else EVERYBODY_SECONDS)

    def _actions_changed(self) -> None:
        """Have every socket look, after the rules were read once for all of them."""
        self._actions_stale = True
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_actions())

    async def _tell_actions(self) -> None:
        while self._actions_stale:
            self._actions_stale = False
            try:
                await all_known()
            except Exception:
                logger.warning("feeds.actions_unknown", exc_info=True)  # the next sweep looks again
                return
            for feed in list(self._feeds.values()):
                for reader in list(feed.readers):
                    reader.actions_changed()
                await asyncio.sleep(0)  # others have their turn

    def _policy_changed(self, message: dict[str, str]) -> None:
        forget()  # the message that says so to what is kept may come later
        readers = self._readers(message["document_id"])
        for reader in readers:
            reader.policy_changed(message["team_id"], min(EVERYBODY_SECONDS, len(readers) * POLICY_SECONDS))

    def _access_changed(self, message: dict[str, str]) -> None:
        for reader in self._readers(message["document_id"]):
            if message.get("user_id") in ("", None, str(reader.user_id)):
                reader.recheck_soon()

    def _signed_out(self, message: dict[str, str]) -> None:
        for reader in self._readers():
            if message.get("user_id") == str(reader.user_id):
                reader.recheck_soon()

    def _request_reviewed(self, message: dict[str, str]) -> None:
        for reader in self._readers(message["document_id"]):
            if message["user_id"] == str(reader.user_id):
                reader.request_reviewed()

    def _comments_changed(self, message: dict[str, str]) -> None:
        for reader in self._readers(message["document_id"]):
            reader.comments_changed(int(message["version"]), UUID(message["thread_id"]))

    def _conversation_changed(self, message: dict[str, str]) -> None:
        frame = ConversationChanged(id=UUID(message["conversation_id"])).model_dump_json()
        for reader in self._readers(message["document_id"]):
            if message["user_id"] in ("", str(reader.user_id)):
                reader.tell(frame)

    def _generation_withdrawn(self, message: dict[str, str]) -> None:
        feed = self._feeds.get(UUID(message["document_id"]))
        if feed is None:
            return
        generation_id = UUID(message["generation_id"])
        tail = feed.tails.get(generation_id)
        frame = Withdrawn(id=generation_id).model_dump_json()
        for reader in list(feed.readers):
            if tail is None or tail.is_visible_to(reader.user_id):
                reader.tell(frame)

    async def _sweep(self) -> None:
        """Look again from time to time: control messages may be lost."""
        while True:
            await asyncio.sleep(settings.ASSISTANT_RECHECK_SECONDS)
            for feed in list(self._feeds.values()):
                feed.tidy()
                feed.catch_up()
                feed.look_for_policies()
                for reader in list(feed.readers):
                    reader.recheck_soon()
            self._actions_changed()


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """Have `call` called in `loop`, from any thread; nothing where the loop has ended."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)


@per_loop
def feeds() -> Feeds:
    """Return the running loop's feeds."""
    return Feeds()
