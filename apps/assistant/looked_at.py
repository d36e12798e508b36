"""What moderation is to look at of a generation, and what it looks for there."""

from functools import partial
from uuid import UUID

from apps.accounts.models import User
from apps.assistant.language import detect
from apps.assistant.messages.client import Generate, GenerationInput, GenerationOptions
from apps.assistant.models import Generation
from apps.core.database import in_database
from apps.moderation.lookouts import input_lookout, lookout
from apps.moderation.quarantine import Door
from apps.moderation.redaction import Lookout
from apps.moderation.rules import rules
from apps.moderation.screening import Asked
from apps.quotas.allowances import allowance_of


def asked_in(request: GenerationInput) -> Asked:
    """Return what of a request is said to the assistant, and what it is given to read."""
    turns = request.messages or []
    said = [turn.content for turn in turns if turn.role == "user"]
    heard = [turn.content for turn in turns if turn.role != "user"]
    return Asked(
        orders=[request.instruction or "", request.tone or "", request.aspect or "", *said],
        read=[request.text_before or "", request.selection or "", request.text_after or "", *heard],
    )


def door_of(user: User, document_id: UUID, request: Generate) -> Door:
    """Return the door that a request comes through."""
    return Door(request.id, user.pk, document_id, asked_in(request.input), partial(request.model_dump, mode="json"))


def door_of_generation(generation: Generation, request: GenerationInput) -> Door:
    """Return the door that a stored generation came through."""
    frame = Generate(
        id=generation.pk,
        action=generation.action,
        input=request,
        anchor=generation.anchor,
        visibility="private" if generation.is_private else "shared",
        options=GenerationOptions(model=generation.options.get("model")),
    )
    frame_of = partial(frame.model_dump, mode="json")
    return Door(generation.pk, generation.user_id, generation.document_id, asked_in(request), frame_of)


def lookout_of_input(request: GenerationInput, tier: str) -> Lookout | None:
    """Return the terms and patterns that a request is looked at for."""
    known = rules.get()
    return input_lookout(known, tier=tier, language=_language(request) if known.names_languages else "")


async def lookout_of_output(generation: Generation, request: GenerationInput) -> Lookout:
    """Return what is looked for in the answer. One round trip where rules name tiers, else none."""
    known = rules.get() if rules.is_known else await in_database(rules.get)
    tier = (await in_database(allowance_of, generation.user_id)).tier if known.names_tiers else ""
    return lookout(known, tier=tier, language=_language(request) if known.names_languages else "")


def _language(request: GenerationInput) -> str:
    """Return the language of what is worked on, hence of the answer; empty where it is not sure."""
    orders, read = asked_in(request).orders, asked_in(request).read
    return detect("\n".join(read)) or detect("\n".join(orders))
