"""REST: commands. Giving one is a generation (`api.py`, action `custom` with the prompt as its `instruction`)."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from apps.accounts.authentication import ASSISTANT, caller
from apps.assistant import commands
from apps.assistant.messages.client import INSTRUCTION_MAX_CHARACTERS
from apps.assistant.models import COMMAND_NAME_MAX_CHARACTERS, Command
from apps.core.errors import Conflict
from apps.core.paging import PAGED, PageFilter, page_of
from apps.core.problems import refused_with

router = Router(auth=ASSISTANT, tags=["commands"])

Name = Annotated[str, Field(min_length=1, max_length=COMMAND_NAME_MAX_CHARACTERS)]
Prompt = Annotated[str, Field(min_length=1, max_length=INSTRUCTION_MAX_CHARACTERS)]


class CommandInput(Schema):
    model_config = ConfigDict(extra="forbid")

    name: Name
    prompt: Prompt


class CommandChange(Schema):
    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    prompt: Prompt | None = None


class CommandOutput(Schema):
    """`owner`: whose it is; `team`: its name, where it is a team's.

    `needs_selection`: it names `{selection}`, so it works on selected text only.
    """

    id: UUID
    name: str
    prompt: str
    owner: Literal["person", "document", "team"]
    team: str | None
    needs_selection: bool
    edited_at: datetime


def _command(command: Command) -> dict[str, Any]:
    return {
        "id": command.pk,
        "name": command.name,
        "prompt": command.prompt,
        "owner": "person" if command.user_id else "team" if command.team_id else "document",
        "team": command.team.name if command.team else None,
        "needs_selection": commands.needs_selection(command.prompt),
        "edited_at": command.edited_at,
    }


@router.get("/commands/", response=list[CommandOutput], openapi_extra=PAGED)
def list_own(request: HttpRequest, response: HttpResponse, filters: Query[PageFilter]) -> Any:
    """Your own, by name."""
    found = commands.own_commands(caller(request))
    return [_command(one) for one in page_of(found, filters, request, response)]


@router.post("/commands/", response={201: CommandOutput, **refused_with(Conflict)})
def add_own(request: HttpRequest, body: CommandInput) -> Any:
    """Names are unique among one's own, whatever their case."""
    return Status(201, _command(commands.add_command(caller(request), name=body.name, prompt=body.prompt)))


@router.get("/documents/{uuid:document_id}/commands/", response=list[CommandOutput], openapi_extra=PAGED)
def list_usable(request: HttpRequest, response: HttpResponse, document_id: UUID, filters: Query[PageFilter]) -> Any:
    """What you can use in this document: its commands, your own and your teams'."""
    found = commands.usable_commands(caller(request), document_id)
    return [_command(one) for one in page_of(found, filters, request, response)]


@router.post("/documents/{uuid:document_id}/commands/", response={201: CommandOutput, **refused_with(Conflict)})
def add_to_document(request: HttpRequest, document_id: UUID, body: CommandInput) -> Any:
    """Keep one for everybody who edits the document."""
    made = commands.add_command(caller(request), document_id=document_id, name=body.name, prompt=body.prompt)
    return Status(201, _command(made))


@router.get("/teams/{uuid:team_id}/commands/", response=list[CommandOutput], openapi_extra=PAGED)
def list_of_team(request: HttpRequest, response: HttpResponse, team_id: UUID, filters: Query[PageFilter]) -> Any:
    """What the team keeps, by name."""
    found = commands.team_commands(caller(request), team_id)
    return [_command(one) for one in page_of(found, filters, request, response)]


@router.post("/teams/{uuid:team_id}/commands/", response={201: CommandOutput, **refused_with(Conflict)})
def add_to_team(request: HttpRequest, team_id: UUID, body: CommandInput) -> Any:
    """Keep one for everybody in the team, who may all change it."""
    return Status(
        201, _command(commands.add_command(caller(request), team_id=team_id, name=body.name, prompt=body.prompt))
    )


@router.patch("/commands/{uuid:command_id}/", response={200: CommandOutput, **refused_with(Conflict)})
def change(request: HttpRequest, command_id: UUID, body: CommandChange) -> Any:
    return _command(commands.change_command(caller(request), command_id, name=body.name, prompt=body.prompt))


@router.delete("/commands/{uuid:command_id}/", response={204: None})
def delete(request: HttpRequest, command_id: UUID) -> Any:
    commands.delete_command(caller(request), command_id)
    return Status(204, None)
