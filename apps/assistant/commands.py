"""Commands: named prompts that people keep for themselves, for a document or for a team."""

import re
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.assistant.models import COMMAND_NAME_MAX_CHARACTERS, Command
from apps.assistant.prompts.variables import VARIABLES, variables_in
from apps.core.errors import Conflict, Invalid, NotFound
from apps.documents.access import access_document
from apps.documents.models import Role
from apps.teams.access import access_team

_BRACED = re.compile(r"\{(\w*)\}")


def own_commands(user: User) -> QuerySet[Command]:
    """Return `user`'s own commands, by name."""
    return Command.objects.filter(user=user).order_by("name", "pk")


def usable_commands(user: User, document_id: UUID) -> QuerySet[Command]:
    """Return the commands `user` can give in a document: its own, theirs and their teams'. Raises NotFound."""
    access_document(user, document_id)
    whose = Q(user=user) | Q(document_id=document_id) | Q(team__memberships__user=user)
    return Command.objects.filter(whose).select_related("team").order_by("name", "pk")


def team_commands(user: User, team_id: UUID) -> QuerySet[Command]:
    """Return the commands that a team of `user`'s keeps, by name. Raises NotFound."""
    access_team(user, team_id)
    return Command.objects.filter(team_id=team_id).select_related("team").order_by("name", "pk")


def add_command(
    user: User, *, document_id: UUID | None = None, team_id: UUID | None = None, name: str, prompt: str
) -> Command:
    """Keep a command for `user`, or for the document or the team. Raises InterlineError."""
    if document_id is not None:
        access_document(user, document_id, role=Role.EDITOR)
    if team_id is not None:
        access_team(user, team_id)
    command = Command(
        user=user if document_id is None and team_id is None else None,
        document_id=document_id,
        team_id=team_id,
        name=_checked_name(name),
        prompt=_checked_prompt(prompt),
        edited_by=user,
    )
    if document_id is not None:
        kept = Command.objects.filter(document_id=document_id)
    elif team_id is not None:
        kept = Command.objects.filter(team_id=team_id)
    else:
        kept = own_commands(user)
    if kept.count() >= settings.ASSISTANT_COMMANDS_MAX:
        raise Conflict("There are too many commands. Delete one that is not needed first.")
    return _saved(command)


def change_command(user: User, command_id: UUID, *, name: str | None = None, prompt: str | None = None) -> Command:
    """Change a command's name or prompt. Raises InterlineError."""
    command = _own(user, command_id)
    if name is not None:
        command.name = _checked_name(name)
    if prompt is not None:
        command.prompt = _checked_prompt(prompt)
    command.edited_by = user
    return _saved(command)


def delete_command(user: User, command_id: UUID) -> None:
    """Raises NotFound, and Forbidden where it is not theirs to change."""
    _own(user, command_id).delete()


def _own(user: User, command_id: UUID) -> Command:
    """Return a command that `user` may change. Raises NotFound, Forbidden."""
    command = Command.objects.select_related("team").filter(pk=command_id).first()
    if command is None or (command.user_id and command.user_id != user.pk):
        raise NotFound("There is no such command.")
    if command.document_id:
        access_document(user, command.document_id, role=Role.EDITOR)
    if command.team_id:
        _in_team(user, command.team_id)
    return command


def _in_team(user: User, team_id: UUID) -> None:
    """Raises NotFound in the words of a command: whoever is not in the team knows of neither."""
    try:
        access_team(user, team_id)
    except NotFound:
        raise NotFound("There is no such command.") from None


def _saved(command: Command) -> Command:
    try:
        with transaction.atomic():
            command.save()
    except IntegrityError:
        raise Conflict(f"There is already a command named “{command.name}” here.") from None
    return command


def _checked_name(name: str) -> str:
    plain = " ".join(name.replace("\0", "").split())
    if not plain:
        raise Invalid("name: Give the command a name.")
    if len(plain) > COMMAND_NAME_MAX_CHARACTERS:
        raise Invalid(f"name: At most {COMMAND_NAME_MAX_CHARACTERS} characters.")
    return plain


def _checked_prompt(prompt: str) -> str:
    plain = prompt.replace("\0", "").strip()
    if not plain:
        raise Invalid("prompt: Say what the assistant is to do.")
    unknown = [word for word in _BRACED.findall(plain) if word not in VARIABLES]
    if unknown:
        raise Invalid(f"prompt: There is no variable {{{unknown[0]}}}. There are {_named(VARIABLES)}.")
    return plain


def needs_selection(prompt: str) -> bool:
    """Say whether a command works on a selection only."""
    return "selection" in variables_in(prompt)


def _named(names: tuple[str, ...]) -> str:
    braced = [f"{{{name}}}" for name in names]
    return f"{', '.join(braced[:-1])} and {braced[-1]}"
