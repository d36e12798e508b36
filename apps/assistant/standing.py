"""What a person may ask for in a document and what is left to them there, as the client of one socket knows it."""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from apps.assistant.allowed import policy_for, refusals
from apps.assistant.availability import unavailable
from apps.assistant.connections import web_pool
from apps.assistant.messages.server import (
    ActionsChanged,
    CommentsChanged,
    PolicyChanged,
    PolicyInForce,
    QuotaChanged,
    Reviewed,
    Unavailable,
)
from apps.assistant.people import quota
from apps.assistant.reviewed import take_reviewed
from apps.core.database import in_database
from apps.core.kept import all_known
from apps.core.messages import Message
from apps.core.servers import on_loop
from apps.documents.access import Access
from apps.documents.comments import comments_version
from apps.quotas.allowances import Allowance
from apps.quotas.payers import all_payers, all_payers_now, first_with_tokens

logger = logging.getLogger(__name__)


def _what_is_theirs(
    user_id: UUID, team_id: UUID | None, document_id: UUID
) -> tuple[list[Allowance], list[Reviewed], int]:
    """Return who may pay for a person, what they have not heard of requests of theirs, and the comments' version."""
    return all_payers_now(user_id, team_id), take_reviewed(user_id, document_id), comments_version(document_id)


class Standing:
    """Looks what holds now, and tells the client where it knows otherwise.

    What cannot be looked up is only logged: the next hello, refusal or sweep says it.
    """

    def __init__(self, user_id: UUID, access: Callable[[], Access], tell: Callable[[Message], None]) -> None:
        self._user_id = user_id
        self._access = access
        self._tell = tell
        self._payers: list[Allowance] = []  # who may pay for this person here, as last read
        self._unavailable: list[Unavailable] = []  # as last told
        self._comments = 0  # the version that the client knows of, or has been told of
        self._policy: PolicyInForce | None = None  # as the client knows it
        self._quota_at: float | None = None  # when it will be told, in the loop's time
        self._policy_read = asyncio.Lock()  # what was read first is told first

    @property
    def allowance(self) -> Allowance:
        return first_with_tokens(self._payers)

    async def read(self) -> tuple[PolicyInForce, list[Unavailable], list[Reviewed], int]:
        """Return what hello says: policy, what cannot be asked for, what was reviewed, the comments' version."""
        access = self._access()
        self._payers, reviewed, comments = await in_database(
            _what_is_theirs, self._user_id, access.document.team_id, access.document.pk
        )
        self._comments = max(self._comments, comments)
        self._policy = await in_database(policy_for, self._user_id, self._access())
        await all_known()
        self._unavailable = self._find_unavailable()
        return self._policy, self._unavailable, reviewed, comments

    async def tell_policy(self, after_seconds: float = 0) -> None:
        """Say what policies let the assistant do, where the client knows otherwise."""
        await asyncio.sleep(after_seconds)
        async with self._policy_read:
            try:
                policy = await in_database(policy_for, self._user_id, self._access())
            except Exception:
                logger.warning("assistant.policy_unknown", exc_info=True)
                return
            changed, self._policy = policy != self._policy, policy
            await self.tell_actions()  # they depend on the role too
            if changed:
                self._tell(PolicyChanged(**policy.model_dump()))

    async def tell_quota(self, after_seconds: float = 0) -> None:
        """Say what is left, whether it changed or not."""
        at = asyncio.get_running_loop().time() + after_seconds
        if self._quota_at is not None and self._quota_at <= at:
            return  # it will be told by then
        self._quota_at = at
        await asyncio.sleep(after_seconds)
        self._quota_at = None
        try:
            async with on_loop(await web_pool()) as servers:
                self._payers = await all_payers(servers, self._user_id, self._access().document.team_id)
        except Exception:
            logger.warning("assistant.quota_unknown", exc_info=True)
            return
        self._tell(QuotaChanged(type="quota", **quota(self.allowance).model_dump()))
        await self.tell_actions()

    async def tell_reviewed(self) -> None:
        """Say, once, what was decided about requests of theirs that were held."""
        try:
            reviewed = await in_database(take_reviewed, self._user_id, self._access().document.pk)
        except Exception:
            logger.warning("assistant.reviewed_unknown", exc_info=True)
            return
        for one in reviewed:
            self._tell(one)

    async def tell_actions(self) -> None:
        """Say what cannot be asked for, where the client knows otherwise."""
        try:
            await all_known()
        except Exception:
            logger.warning("assistant.actions_unknown", exc_info=True)
            return
        now = self._find_unavailable()
        if self._payers and now != self._unavailable:
            self._unavailable = now
            self._tell(ActionsChanged(unavailable=now))

    def tell_comments(self, version: int, thread_id: UUID | None) -> None:
        """Say so, unless the client knows. `thread_id`: None where any may have changed, of which a notice was lost."""
        if thread_id is None and version <= self._comments:
            return
        self._comments = max(self._comments, version)
        self._tell(CommentsChanged(version=version, thread=thread_id))

    def _find_unavailable(self) -> list[Unavailable]:
        access = self._access()
        refusal = refusals(self._policy, access) if self._policy else lambda _: ""
        return unavailable(self._user_id, access.document.team_id, self._payers, refusal)
