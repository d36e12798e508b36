"""The demo model in a conversation: it quotes the document and says what it is."""

import pytest

from apps.assistant.actions import ACTIONS
from apps.assistant.context import Exchange, Talk
from apps.assistant.messages.client import GenerationInput
from apps.llm.demo_chat import LABEL, converse

DOCUMENT = (
    "Herons\nThe heron waits by the weir. It came in March, before the floods. Nobody has seen it fly.\n"
    "The old bridge is closed. The council will mend it next year."
)


def answer(question: str, document: str = DOCUMENT, **fields: str) -> str:
    request = GenerationInput.model_validate({"messages": [{"role": "user", "content": question}], **fields})
    messages = ACTIONS["chat"].messages(request, talk=Talk(title="Herons", text=document))
    prompt = [{"role": message.role, "content": message.content} for message in messages]
    assert "Task: chat." in prompt[0]["content"]
    return converse(prompt)


@pytest.mark.parametrize(
    ("question", "quoted"),
    [
        ("Where is the heron waiting?", "The heron waits by the weir."),
        ("When were the floods?", "It came in March, before the floods."),
        ("What happens to the bridge?", "The old bridge is closed."),
    ],
)
def test_it_quotes_the_sentence_that_answers(question: str, quoted: str) -> None:
    said = answer(question)
    assert f"“{quoted}”" in said
    assert said.endswith(LABEL)


def test_it_sums_up_by_extraction() -> None:
    said = answer("Please summarize this.")
    quoted = [line[3:-1] for line in said.splitlines() if line.startswith("- “")]
    assert len(quoted) == 3
    assert all(sentence in DOCUMENT for sentence in quoted)


def test_it_says_when_it_finds_nothing() -> None:
    assert "found no sentence" in answer("What about penguins?")
    assert "still empty" in answer("What about penguins?", document="")


def test_it_looks_beside_the_passage_that_was_chosen() -> None:
    said = answer("Is that so?", selection="The old bridge")
    assert "beside the passage you chose" in said


def test_it_reads_the_text_around_the_cursor() -> None:
    assert "“Otters swim here.”" in answer("Where do otters swim?", document="", text_before="Otters swim here.")


def test_it_recaps_by_naming_the_questions() -> None:
    request = GenerationInput.model_validate(
        {"conversation": "0b7d3a9e-0000-4000-8000-000000000000", "after": "0b7d3a9e-0000-4000-8000-000000000001"}
    )
    talk = Talk(summary="They met.", history=(Exchange("Where is it?", "There."), Exchange("Why?", "Because.")))
    messages = ACTIONS["recap"].messages(request, talk=talk)
    said = converse([{"role": message.role, "content": message.content} for message in messages])
    assert said.startswith("They met.")
    assert "“Where is it?”" in said
    assert "“Why?”" in said
