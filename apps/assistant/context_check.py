"""Looks at what a model is given beside the request: the rest of the document, the conversation, what people keep.

Other people may have written it, or pasted it from anywhere, so it may have orders to the assistant in it.
"""

from collections.abc import Awaitable, Callable

from apps.assistant.looked_at import asked_in, door_of_generation
from apps.assistant.messages.client import GenerationInput
from apps.assistant.models import Generation
from apps.core.database import in_database
from apps.llm.requests import Prompt
from apps.moderation.quarantine import judge
from apps.moderation.redaction import Finding
from apps.moderation.screening import screen_read


async def check_context(
    generation: Generation, request: GenerationInput, prompt: Prompt, be_ours: Callable[[], Awaitable[None]]
) -> list[Finding]:
    """Write down and return what is found in `prompt` beside the request, which was looked at.

    `be_ours`: see `prepare`. Raises BlockedInput, HeldInput.
    """
    found = screen_read(beside(request, prompt))
    if found:
        await be_ours()
        await in_database(judge, door_of_generation(generation, request), found)
    return found


def beside(request: GenerationInput, prompt: Prompt) -> list[str]:
    """Return what `prompt` has in it of others."""
    asked = asked_in(request)
    texts = [message.content for message in prompt if message.role != "system"]
    for known in sorted(filter(None, (*asked.orders, *asked.read)), key=len, reverse=True):
        texts = [text.replace(known, " ") for text in texts]
    return texts
