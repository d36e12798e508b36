"""Puts together what a model is asked for one generation, and what becomes of its answer."""

from collections.abc import Awaitable, Callable

from django.conf import settings

from apps.assistant.actions import find_action
from apps.assistant.chat import gather
from apps.assistant.context import Recalled
from apps.assistant.context_check import check_context
from apps.assistant.given import Given
from apps.assistant.looked_at import lookout_of_output
from apps.assistant.messages.client import GenerationInput
from apps.assistant.models import Generation
from apps.assistant.noted import kinds_of
from apps.assistant.output import Output, output_of
from apps.assistant.withholding import Withheld
from apps.assistant.writer import LogWriter
from apps.core.database import in_database
from apps.llm.model_limits import smallest_context
from apps.llm.requests import ChatRequest, Prompt
from apps.llm.routes import models_for
from apps.moderation.redaction import Finding


async def prepare(
    generation: Generation,
    recalled: Recalled | None,
    writer: LogWriter,
    findings: list[Finding],
    noted: set[str],
    *,
    be_ours: Callable[[], Awaitable[None]],
) -> tuple[ChatRequest, Output]:
    """Return the prompt of a generation and what takes its answer. Raises TooLarge, Invalid, BlockedInput, HeldInput.

    `findings` gets what is found in the answer that may not be shown, `noted` what is to be said of what is read.
    `be_ours`: to be waited for before anything is written down.
    """
    action = find_action(generation.action).with_prompt(generation.prompt_version)
    request = GenerationInput.model_validate(generation.input)
    talk = await in_database(gather, generation, request) if action.talks else None
    # Chosen when it was asked for; where that was by a version before, as the environment says.
    models = tuple(generation.options.get("models") or models_for(action.name, generation.model))
    written, model_tokens = writer.text, smallest_context(models)
    withheld = Withheld(
        generation, await lookout_of_output(generation, request), Given(request, recalled, talk), findings
    )

    def prompt(more: str = "") -> Prompt:
        text = written + withheld.without(more) if action.output == "text" else ""
        return action.messages(request, written=text, recalled=recalled, talk=talk, model_tokens=model_tokens)

    messages = prompt()
    if action.offered and (recalled is not None or talk is not None):
        noted.update(kinds_of(await check_context(generation, request, messages, be_ours)))
    chat = ChatRequest(
        models=models,
        messages=messages,
        max_tokens=min(
            generation.options.get("max_tokens") or action.answer_tokens(request),
            settings.ASSISTANT_OUTPUT_MAX_TOKENS,
        ),
        temperature=generation.options.get("temperature"),
        resume=prompt,
        begins_anew=action.output == "edits",
    )
    return chat, output_of(generation, action, writer, recalled or Recalled(), withheld)
