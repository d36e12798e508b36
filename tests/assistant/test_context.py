"""What goes into a prompt when not everything can: the nearest first, each within its share, in the text's language."""

import random

import pytest

from apps.assistant.actions import ACTIONS
from apps.assistant.briefing import budget_of, make_brief
from apps.assistant.context import Brief, Recalled, estimate_tokens
from apps.assistant.language import detect, is_other_language, language_of
from apps.assistant.messages.client import GenerationInput
from apps.core.errors import TooLarge
from apps.llm.model_limits import context_tokens, smallest_context

PARAGRAPHS = [f"Paragraph {number} speaks of the river. It goes on for a while after that." for number in range(400)]
DOCUMENT = "\n".join(PARAGRAPHS)


def brief_of(request: GenerationInput, recalled: Recalled, *, tokens: int = 1_000) -> Brief:
    before = request.text_before or ""
    return make_brief(request, tokens=tokens, recalled=recalled, talk=None, written="", before=before)


def size(brief: Brief) -> int:
    memory = brief.memory
    texts = (brief.before, brief.after, memory.style, memory.words, memory.outline, memory.summary, memory.sheet)
    return sum(estimate_tokens(text) for text in texts)


def test_a_document_that_fits_is_given_once_and_not_summarised() -> None:
    recalled = Recalled(outline="# One", text="One long enough line of a document that is short.")
    brief = brief_of(GenerationInput(text_before=recalled.text), recalled)
    assert brief.before == recalled.text
    assert (brief.memory.outline, brief.memory.summary) == ("", "")


def test_of_a_long_document_the_nearest_is_whole_and_the_rest_is_summed_up() -> None:
    before = "\n".join(PARAGRAPHS[:200])
    recalled = Recalled(outline="# River\n## Mouth", text=DOCUMENT)
    brief = brief_of(GenerationInput(text_before=before, text_after="\n".join(PARAGRAPHS[200:])), recalled)
    assert before.endswith(brief.before)
    assert estimate_tokens(brief.before) > 300
    assert brief.memory.outline == "# River\n## Mouth"
    openings = brief.memory.summary.split("\n")
    assert "Paragraph 0 speaks of the river." in openings
    assert not set(openings) & {line.partition(".")[0] + "." for line in brief.before.split("\n")}
    assert size(brief) <= 1_001


def test_no_part_takes_the_room_of_the_text_around_the_cursor() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    choice = random.Random(seed)
    for _ in range(200):
        tokens = choice.randrange(60, 3_000)
        recalled = Recalled(
            outline="# Heading\n" * choice.randrange(2_000),
            text="\n".join(choice.choices(PARAGRAPHS, k=choice.randrange(400))),
            style="Be brief. " * choice.randrange(800),
            words=("river", "while") * choice.randrange(500),
            sheet="character: Ann\n" * choice.randrange(500),
        )
        request = GenerationInput(text_before=DOCUMENT[: choice.randrange(len(DOCUMENT))], text_after=DOCUMENT)
        brief = brief_of(request, recalled, tokens=tokens)
        assert size(brief) <= tokens + 2
        assert estimate_tokens(brief.before + brief.after) >= tokens * 0.2


def test_a_selection_is_never_cut() -> None:
    brief = brief_of(GenerationInput(selection=DOCUMENT), Recalled(), tokens=10)
    assert brief.selection == DOCUMENT


def test_a_small_model_gets_a_small_prompt_or_a_refusal() -> None:
    request = GenerationInput(selection="word " * 600)
    assert budget_of(request, tokens=6_000, answer_tokens=500, model_tokens=None) == 6_000
    assert budget_of(request, tokens=6_000, answer_tokens=500, model_tokens=4_000) == 1_000
    with pytest.raises(TooLarge, match="Select less"):
        budget_of(request, tokens=6_000, answer_tokens=500, model_tokens=2_500)
    wide = GenerationInput(selection="word. ", text_before=DOCUMENT)
    (_, user) = ACTIONS["rewrite"].messages(wide, model_tokens=4_096)
    assert estimate_tokens(user.content) < 4_096
    assert len(user.content) < len(ACTIONS["rewrite"].messages(wide)[1].content)


@pytest.mark.filterwarnings("ignore")
def test_the_size_of_a_model_comes_from_litellm() -> None:
    assert (context_tokens("openai/gpt-4") or 0) == 8_192
    assert context_tokens("openai/nobody-knows-it") is None
    assert smallest_context(["openai/gpt-4o-mini", "openai/gpt-4", "openai/nobody-knows-it"]) == 8_192
    assert smallest_context(["openai/nobody-knows-it"]) is None


@pytest.mark.parametrize(
    ("text", "declared", "wanted"),
    [
        ("I saw the heron at the river this morning.", "", "en"),
        ("I saw the heron at the river this morning.", "en-GB", "en-GB"),
        ("Ich habe den Reiher heute Morgen am Fluss gesehen.", "en-GB", "de"),
        ("Цапля стоит и ждёт рыбу.", "", "ru"),
        ("鹭鸟在河边等待它的鱼。", "", "zh"),
        ("xyzzy", "nl", "nl"),
        ("", "", ""),
        ("\x00\x07\ud83e I saw the heron at the river this morning.", "", "en"),
    ],
)
def test_the_language_is_the_texts_own(text: str, declared: str, wanted: str) -> None:
    assert language_of(text.encode("utf-8", "replace").decode(), declared=declared) == wanted


def test_another_language_is_told_only_where_both_are_sure() -> None:
    english, german = "I saw the heron at the river this morning.", "Ich habe den Reiher am Fluss gesehen."
    assert is_other_language(german, english)
    assert not is_other_language(english, english)
    assert not is_other_language("xyzzy", english)
    assert detect("xyzzy") == ""


def test_the_prompt_names_the_texts_language_but_a_translation_only_its_target() -> None:
    text = "Ich habe den Reiher heute Morgen am Fluss gesehen."
    _, user = ACTIONS["shorten"].messages(GenerationInput(selection=text), recalled=Recalled(language="en"))
    assert "\nde\n" in user.content
    _, user = ACTIONS["translate"].messages(GenerationInput(selection=text, language="nl"), recalled=Recalled())
    assert "\nde\n" not in user.content
    assert "\nnl\n" in user.content
