"""What is set aside for a prompt is never less than the prompt the provider gets, whatever is recalled for it."""

from typing import Any
from uuid import uuid4

import pytest
import tiktoken
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import PersonalWriting
from apps.assistant.actions import ACTIONS
from apps.assistant.models import RECAP, Conversation, Generation, SheetEntry, State, StorySheet, Turn
from apps.assistant.recaps import recap_if_due
from apps.documents.models import Document, DocumentWriting
from apps.llm.tokens import count_tokens
from apps.quotas.models import Entry
from tests.assistant.conftest import House
from tests.processes import wait_until
from tests.provider.server import Received

TEXTS = {
    "English": "The heron waited at the weir for {} hours, and nobody in Haarlem had seen it move since. ",
    "Chinese": "苍鹭在堰边等了{}个小时，哈勒姆没有人看见它动过，直到河水慢慢退去。",  # noqa: RUF001
    "code": "for (let i{} = 0; i < n; i++) { a[i] += b[i] * 3.14159; } // => ok\n",
}
INPUTS: dict[str, dict[str, Any]] = {
    "continue": {"text_before": True},
    "complete": {"text_before": True},
    "grammar": {"selection": True},
    "suggest": {"selection": True, "aspect": "clarity"},
    "rewrite": {"selection": True, "instruction": "as a question"},
    "shorten": {"selection": True},
    "expand": {"selection": True},
    "simplify": {"selection": True},
    "tone": {"selection": True, "tone": "warm"},
    "translate": {"selection": True, "language": "de"},
    "summarize": {"selection": True},
    "outline": {"instruction": "herons"},
    "brainstorm": {"instruction": "herons"},
    "title": {"text_before": True},
    "story": {"text_before": True},
    "custom": {"instruction": "as a haiku", "selection": True},
    "chat": {"messages": [{"role": "user", "content": "Where does it wait?"}]},
}


def lines(text: str, characters: int) -> str:
    made: list[str] = []
    while sum(map(len, made)) < characters:
        made.append(text.replace("{}", str(len(made) * 37)).strip())
    return "\n".join(made)


def furnish(house: House, text: str, characters: int) -> Conversation:
    """Have the document, what is kept for it and a conversation about it be long."""
    whole = lines(text, characters)
    Document.objects.filter(pk=house.document.pk).update(text=whole, outline="# " + whole[: characters // 10])
    DocumentWriting.objects.create(document=house.document, style=lines(text, characters // 4), words=["Haarlem"])
    PersonalWriting.objects.create(user=house.alice, style=lines(text, characters // 4), words=["Haarlem", "heron"])
    sheet = StorySheet.objects.create(document=house.document, user=house.alice, used_at=timezone.now())
    for number in range(40):
        SheetEntry.objects.create(sheet=sheet, kind="character", name=f"Anna {number}", note=lines(text, 200))
    conversation = Conversation.objects.create(document=house.document, user=house.alice)
    parent = None
    for number in range(characters // 400):
        parent = say(conversation, parent, f"{number}? " + lines(text, 60), lines(text, 400))
    return conversation


def say(conversation: Conversation, parent: Turn | None, question: str, answer: str) -> Turn:
    asked = Generation.objects.create(
        id=uuid4(),
        document_id=conversation.document_id,
        user=conversation.user,
        action="chat",
        visibility="private",
        input={"messages": [{"role": "user", "content": question}], "conversation": str(conversation.pk)},
        model="openai/test",
        prompt_version="chat-1",
        state=State.DONE,
        text=answer,
    )
    return Turn.objects.create(conversation=conversation, generation=asked, parent=parent)


def sent_tokens(received: Received) -> int:
    """Return what a request came to, as OpenAI counts it: by cl100k_base, and 3 for each message and the answer."""
    encoding = tiktoken.get_encoding("cl100k_base")
    messages = received.body["messages"]
    return 3 + sum(3 + len(encoding.encode_ordinary(one["role"] + one["content"])) for one in messages)


def set_aside(generation_id: str) -> int:
    """Return how many of the tokens that were set aside were for the prompt."""
    generation = Generation.objects.get(pk=generation_id)
    return Entry.objects.get(generation_id=generation_id).reserved - int(generation.options["max_tokens"])


def test_every_action_that_people_may_ask_for_is_tried_here() -> None:
    assert set(INPUTS) == {name for name, action in ACTIONS.items() if action.offered}


@pytest.mark.parametrize(("language", "characters"), [("English", 300), *((one, 30_000) for one in TEXTS)])
def test_no_prompt_is_longer_than_what_is_set_aside_for_it(house: House, language: str, characters: int) -> None:
    count_tokens("")  # the tokenizer's file is where ours looks for it
    text = TEXTS[language]
    conversation = furnish(house, text, characters)
    house.provider.behave(text='{"end":_true}')
    alice = house.join(house.alice)
    at_hand = lines(text, min(characters // 3, 900))
    about = str(conversation.turns.earliest("pk").generation_id) if characters > 400 else None
    asked = [
        (name, {key: at_hand if one is True else one for key, one in given.items()}) for name, given in INPUTS.items()
    ]
    asked.append(("chat", INPUTS["chat"] | {"conversation": str(conversation.pk), "about": about}))
    asked.append(("chat", INPUTS["chat"] | {"text_before": at_hand, "selection": at_hand}))
    recalled = 0
    for action, given in asked:
        before = len(house.provider.requests)
        generation = alice.generate(action=action, input={key: one for key, one in given.items() if one is not None})
        end = alice.hear_end(generation)
        assert end["type"] == "done", (action, end)
        [received] = [one for one in house.provider.requests[before:] if "Task: recap." not in one.prompt]
        sent = sent_tokens(received)
        assert set_aside(generation) >= sent, action
        recalled += sent - sum(count_tokens(one) for one in given.values() if isinstance(one, str))
    assert recalled > len(asked) * 100
    if characters > 400:
        for recall in ("<style-", "<summary-", "<sheet-", "<outline-"):
            assert any(recall in one.prompt for one in house.provider.requests), recall


def test_no_recap_is_longer_than_what_is_set_aside_for_it(house: House, settings: Settings) -> None:
    settings.AI_FAST_MODEL = "openai/test"
    conversation = furnish(house, TEXTS["Chinese"], 20_000)
    last = conversation.turns.latest("pk")
    recap_if_due(last.generation)
    recap = Generation.objects.get(action=RECAP)
    wait_until(lambda: Entry.objects.filter(generation_id=recap.pk).exists(), seconds=30, what="the recap's end")
    [received] = house.provider.requests
    assert "<question-" in received.prompt
    assert set_aside(str(recap.pk)) >= sent_tokens(received)


def test_who_has_little_left_may_still_ask_where_little_is_recalled(house: House) -> None:
    """An empty document adds nothing to what a short request costs."""
    alice = house.join(house.alice)
    generation = alice.generate("It was late. ")
    assert alice.hear_end(generation)["type"] == "done"
    assert set_aside(generation) <= 2 * sent_tokens(house.provider.requests[-1])
