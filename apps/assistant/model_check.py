"""The moderation model's look at a request while it is being prepared. Without AI_MODERATION_MODEL nothing is done."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from django.conf import settings
from django.db import OperationalError

from apps.assistant.actions import find_action
from apps.assistant.looked_at import asked_in, door_of_generation
from apps.assistant.messages.client import GenerationInput
from apps.assistant.models import Generation
from apps.core.database import in_database
from apps.core.errors import InterlineError
from apps.moderation.errors import NotChecked, RefusedInput
from apps.moderation.model_check import found_by_model, is_closed, is_set
from apps.moderation.quarantine import judge
from apps.moderation.redaction import Finding
from apps.moderation.strictness import may_ask_model

logger = logging.getLogger(__name__)

NOT_CHECKED = "The text could not be checked, so the assistant did not work on it. Nothing was lost; try again."

# Also those whose generation has ended: what they find is written down.
_looking: set[asyncio.Task[None]] = set()


class ModelCheck:
    """One look. It begins as soon as it may, goes on beside everything else, and writes down what it finds."""

    def __init__(self, generation: Generation, be_ours: Callable[[], Awaitable[None]]) -> None:
        """`be_ours`: to be waited for before the model is asked."""
        self._generation = generation
        self._be_ours = be_ours
        self._task: asyncio.Task[None] | None = None
        if is_set() and _is_looked_at(generation.action):
            self._task = asyncio.create_task(self._look())
            _looking.add(self._task)
            self._task.add_done_callback(_looking.discard)

    async def wait(self) -> None:
        """Wait for a fast answer; where nothing may pass unseen, for any. Raises RefusedInput, NotChecked."""
        if self._task is None:
            return
        wait = None if is_closed() else settings.MODERATION_MODEL_WAIT_SECONDS
        await asyncio.wait({self._task}, timeout=wait)
        if self._task.done():
            self._task.result()

    def follow(self, refuse: Callable[[InterlineError], None]) -> None:
        """Call `refuse` when an answer comes later and says no."""
        if self._task is not None and not self._task.done():
            self._task.add_done_callback(lambda task: self._tell(task, refuse))

    @staticmethod
    def _tell(task: "asyncio.Task[None]", refuse: Callable[[InterlineError], None]) -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, RefusedInput):
            refuse(error)

    async def _look(self) -> None:
        await self._be_ours()
        request = GenerationInput.model_validate(self._generation.input)
        asked = asked_in(request)
        try:
            if not await in_database(may_ask_model, self._generation.document_id, self._generation.tier):
                raise NotChecked(NOT_CHECKED)  # the text may not leave this installation
            found = await found_by_model((*asked.orders, *asked.read), seconds=settings.MODERATION_MODEL_SECONDS)
            if found:
                await in_database(self._judge, request, found)
        except RefusedInput:
            raise
        except (InterlineError, OperationalError) as error:
            logger.warning(
                "moderation.model_failed",
                extra={"generation": str(self._generation.pk), "kind": type(error).__name__, "closed": is_closed()},
            )
            if is_closed():
                raise NotChecked(NOT_CHECKED) from None

    def _judge(self, request: GenerationInput, found: list[Finding]) -> None:
        judge(door_of_generation(self._generation, request), found, run=str(self._generation.epoch))


def _is_looked_at(action: str) -> bool:
    """Say whether the model reads requests for `action`; what nobody asked for has only what it has read before."""
    return action not in settings.MODERATION_MODEL_PASSES and find_action(action).offered
