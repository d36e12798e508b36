"""A generation before it is known how things stand: what takes long and does not depend on that."""

from contextlib import suppress
from functools import cached_property
from uuid import UUID

from apps.accounts.models import User
from apps.assistant.actions import Action, find_action
from apps.assistant.messages.client import Generate
from apps.assistant.models import Generation
from apps.assistant.reserving import PromptTokens
from apps.core.errors import InterlineError
from apps.core.ids import request_id
from apps.core.postgres import Insertion


class Draft:
    """The row of `request`, without the terms it will have."""

    def __init__(self, user: User, document_id: UUID, request: Generate) -> None:
        self.request = request
        self.tokens = PromptTokens(request.input)
        self.row = Generation(
            id=request.id,
            document_id=document_id,
            user=user,
            action=request.action,
            visibility=request.visibility,
            anchor=request.anchor,
            input=request.input.model_dump(mode="json", exclude_none=True),
            request_id=request_id.get(),
        )

    @cached_property
    def action(self) -> Action:
        """Raises UnsupportedAction."""
        return find_action(self.request.action)

    @cached_property
    def insertion(self) -> Insertion:
        return Insertion(self.row)

    def prepare(self) -> None:
        """Do now what will be asked for; what is refused is refused when it is."""
        with suppress(InterlineError):
            self.action.check(self.request.input)
            self.tokens.of_request(self.action)
            _ = self.insertion
