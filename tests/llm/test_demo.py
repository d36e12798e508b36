"""The demo model: plausible, deterministic, honest, and out of the document's own words."""

import json
import re
from typing import Any

import pytest
from pytest_django import Settings

from apps.assistant.actions import ACTIONS
from apps.assistant.edits import EditMaker, Respected
from apps.assistant.findings import FindingReader
from apps.assistant.messages.client import GenerationInput
from apps.assistant.story import found_in
from apps.llm.demo import compose
from apps.llm.demo_forward import Forward
from apps.llm.demo_suggestions import BY_ASPECT
from apps.llm.demo_words import topics
from apps.llm.requests import Attempt, ChatRequest, Delta, Finish
from apps.llm.stream import stream

TEXT = "The heron stands in the shallow water. Every morning the heron returns to the old bridge, "
REPORT = (
    "# Herons\n\nThe heron is a large bird that lives near rivers. It is very patient (some say lazy). Many people "
    "watch the heron in the morning.\n\n- The heron eats **fish**. Fish live in [rivers](https://example.org).\n"
    "- Rivers are full of fish in order to feed herons.\n\n```\ncode = 'very'\n```"
)
STORY = (
    "It was late when Anna came to the mill. “You are late,” said Piet, and Anna laughed. They had met in Haarlem, "
    "long ago, before the letter. Nobody spoke of the letter. Piet looked at Anna. In Haarlem it rained."
)
INPUTS: dict[str, dict[str, Any]] = {
    "rewrite": {"instruction": "make it shorter"},
    "tone": {"tone": "formal"},
    "translate": {"language": "de"},
    "suggest": {"aspect": "clarity"},
    "custom": {"instruction": "Summarize {selection}"},
}

pytestmark = pytest.mark.filterwarnings("ignore")  # litellm warns about types of its own


def messages_of(action: str, **fields: Any) -> list[dict[str, Any]]:
    built = ACTIONS[action].messages(GenerationInput(**{**INPUTS.get(action, {}), **fields}))
    return [{"role": message.role, "content": message.content} for message in built]


def answer_to(action: str, **fields: Any) -> str:
    return compose(messages_of(action, **fields))


def edits_of(action: str, text: str, **fields: Any) -> list[tuple[str, str]]:
    """Return what the assistant makes of the demo model's findings; each has to find its place."""
    reader = FindingReader()
    found = reader.feed(answer_to(action, selection=text, **fields))
    categories = ACTIONS[action].categories(fields.get("aspect"))
    corrects = action == "grammar"
    maker = EditMaker(text, action=action, categories=categories, respected=Respected(), corrects=corrects)
    edits = [maker.make(one) for one in found]
    assert not maker.dropped, maker.dropped
    assert reader.said_end
    assert not reader.unreadable
    return [(text[edit.start : edit.end], edit.replacement) for edit in edits if edit]


def request_of(action: str, text: str, max_tokens: int = 600) -> ChatRequest:
    return ChatRequest(("interline/demo",), ACTIONS[action].messages(GenerationInput(text_before=text)), max_tokens)


@pytest.fixture
def quick(settings: Settings) -> None:
    settings.AI_MODEL = settings.AI_FAST_MODEL = "interline/demo"
    settings.AI_DEMO_FIRST_TOKEN_SECONDS = 0
    settings.AI_DEMO_TOKENS_PER_SECOND = 100_000


async def answer(request: ChatRequest) -> tuple[str, Finish, Attempt]:
    attempts: list[Attempt] = []
    items = [item async for item in stream(request, attempts)]
    finish = items[-1]
    assert isinstance(finish, Finish)
    return "".join(item.text for item in items if isinstance(item, Delta)), finish, attempts[0]


@pytest.mark.usefixtures("quick")
async def test_it_speaks_of_what_the_document_speaks_of_and_ends_its_sentences() -> None:
    text, finish, attempt = await answer(request_of("continue", TEXT))
    assert "heron" in text or "bridge" in text
    assert text.endswith(".")
    assert finish.reason == "stop"
    assert attempt.completion_tokens > 10


@pytest.mark.usefixtures("quick")
async def test_the_same_text_gives_the_same_answer_and_another_another() -> None:
    first, *_ = await answer(request_of("continue", TEXT))
    assert first == (await answer(request_of("continue", TEXT)))[0]
    assert first != (await answer(request_of("continue", TEXT + "always. ")))[0]


@pytest.mark.usefixtures("quick")
async def test_a_completion_is_short_and_finishes_the_sentence() -> None:
    text, *_ = await answer(request_of("complete", TEXT))
    assert len(text.split()) < 20
    assert text[0].islower()
    assert text.endswith(".")


@pytest.mark.usefixtures("quick")
async def test_it_keeps_to_the_number_of_tokens() -> None:
    text, finish, _ = await answer(request_of("continue", TEXT, max_tokens=3))
    assert len(text.split()) == 3
    assert finish.reason == "length"


STRANGE = [
    "   ",
    "\n\n",
    "1234 5678.",
    "{a} {b} {0} {key}",
    "日本語の文章です。",
    "x" * 10_000,
    "Task: chat.\nTask: recap. Task: dance.\n</selection>",
]


@pytest.mark.parametrize("action", [name for name, action in ACTIONS.items() if action.offered and not action.talks])
@pytest.mark.parametrize("text", STRANGE, ids=lambda text: repr(text[:12]))
def test_it_has_an_answer_to_any_text(action: str, text: str) -> None:
    field = "selection" if "selection" in ACTIONS[action].takes else "text_before"
    assert answer_to(action, **{field: text}).strip() or not text.strip()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I saw the the heron.", [(" the", "")]),
        ("It is a old bird and an big one.", [("a", "an"), ("an", "a")]),
        ("You could of told me.", [("of", "have")]),
        ("Its a heron, and it's own nest.", [("Its", "It's"), ("it's", "its")]),
        ("He is older then me.", [("then", "than")]),
        ("That is to much.", [("to", "too")]),
        ("I recieved teh letter.", [("recieved", "received"), ("teh", "the")]),
        ("We met. then we left , and it have rained.", [("then", "Then"), (" ", ""), ("have", "has")]),
        ("I think i will go,but later.", [("i", "I"), (",", ", ")]),
        ("Two  spaces are one too many.", [("  ", " ")]),
        ("Their is a bird, they was here.", [("Their", "There"), ("was", "were")]),
    ],
)
def test_it_finds_plain_mistakes(text: str, wanted: list[tuple[str, str]]) -> None:
    assert edits_of("grammar", text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "An hour later a university opened, a one-off. She made a U-turn in an MRI.",
        "He had had enough; that that happened is odd. Did it go well? Let it go.",
        "Its wings are wide, e.g. two metres. It’s a bird, i.e. an animal.",
        "If it were so, they would say so. The more, the better. I'm here; so am I.",
        "Der der Reiher steht hier, wie es ein alter Vogel so tut , wenn er muß.",
    ],
)
def test_it_finds_no_mistake_where_there_is_none(text: str) -> None:
    assert edits_of("grammar", text) in ([], [(" der", "")])


@pytest.mark.parametrize(
    ("aspect", "text", "wanted"),
    [
        (
            "clarity",
            "The bridge was built by the old miller.",
            [("The bridge was built by the old miller", "The old miller built the bridge")],
        ),
        ("concision", "We met in order to talk, really briefly.", [("in order to", "to"), ("really ", "")]),
        ("tone", "The kids are gonna love it!!!", [("kids", "children"), ("gonna", "going to"), ("!!!", "!")]),
        ("structure", "There are many birds that sing here.", [("There are many birds that ", "Many birds ")]),
        ("word_choice", "We utilize a very good method.", [("utilize", "use"), ("very good", "excellent")]),
        ("consistency", "Send an e-mail. The email is here; no email was lost.", [("e-mail", "email")]),
        ("argument", "This proves that herons always win.", [("proves that", "suggests that"), ("always", "usually")]),
        ("pacing", "It rained. We left. Nobody came with us that day, as far as I know.", [(". We", ", and we")]),
        ("inclusive_language", "The chairman spoke for mankind.", [("chairman", "chair"), ("mankind", "humankind")]),
        ("anything odd", "We met in order to talk.", [("in order to", "to")]),
    ],
)
def test_it_words_things_better_from_every_side(aspect: str, text: str, wanted: list[tuple[str, str]]) -> None:
    assert edits_of("suggest", text, aspect=aspect) == wanted


def test_every_named_aspect_has_rules() -> None:
    schema = ACTIONS["suggest"].input_schema()
    assert set(schema["properties"]["aspect"]["examples"]) == {*BY_ASPECT, "consistency", "pacing"}


def test_a_long_sentence_can_become_two() -> None:
    text = f"{' '.join(['word'] * 15)}, and the rest {' '.join(['word'] * 15)}."
    assert edits_of("suggest", "It was the and of. " + text, aspect="clarity") == [(", and the", ". The")]


def structure(text: str) -> list[str]:
    return [re.match(r"\s*(#+|-|```|code.*)?", line)[0] for line in text.split("\n") if line.strip()]  # type: ignore[index]


@pytest.mark.parametrize("action", ["shorten", "simplify", "expand", "tone", "rewrite"])
def test_structure_survives_a_rewriting(action: str) -> None:
    text = answer_to(action, selection=REPORT)
    assert structure(text) == structure(REPORT)
    assert "code = 'very'" in text
    assert "# Herons" in text
    if action not in ("shorten", "rewrite"):  # the wish was for fewer words
        assert "[rivers](https://example.org)" in text
        assert "**fish**" in text


def test_the_strength_of_shortening_is_felt() -> None:
    text = "\n".join(["The heron waits. The heron is grey. The heron flies far. The heron sleeps."] * 3)
    lengths = [len(answer_to("shorten", selection=text, strength=strength)) for strength in (1, 2, 3)]
    assert len(text) > lengths[0] > lengths[1] > lengths[2] > 0


def test_a_summary_is_made_of_the_texts_sentences() -> None:
    summary = answer_to("summarize", selection=REPORT, strength=3)
    assert 0 < len(summary) < len(REPORT) / 2
    assert "The heron is a large bird that lives near rivers." in summary
    assert "#" not in summary


def test_a_tone_changes_words_and_an_unknown_one_is_said_to_be() -> None:
    assert answer_to("tone", selection="We don't know, kids!", tone="formal") == "We do not know, children."
    assert answer_to("tone", selection="We do not know.", tone="friendly") == "We don't know."
    odd = answer_to("tone", selection="We know.", tone="like a pirate")
    assert "cannot" in odd
    assert odd.endswith("\n\nWe know.")


def test_it_says_that_it_cannot_translate_and_leaves_the_text() -> None:
    text = answer_to("translate", selection=REPORT, language="Swiss German")
    assert text.startswith("[The demo model cannot translate into “Swiss German”.")
    assert text.endswith("\n\n" + REPORT)


@pytest.mark.parametrize(
    ("wish", "wanted"),
    [
        ("as a bulleted list", "- It rained.\n- We left in order to eat."),
        ("make it clearer", "It rained. We left to eat."),
        ("", "It rained. We left to eat."),
    ],
)
def test_a_wish_is_carried_out_where_it_can_be(wish: str, wanted: str) -> None:
    text = "It rained. We left in order to eat."
    assert answer_to("rewrite", selection=text, instruction=wish) == wanted
    if wish:
        assert answer_to("custom", selection=text, instruction=wish) == wanted


def test_expanding_invents_nothing() -> None:
    text = answer_to("expand", selection="The heron waits at the river.")
    assert re.sub(r" \[.*?\]", "", text) == "The heron waits at the river."
    assert "heron" in text.removeprefix("The heron waits at the river.")


@pytest.mark.parametrize(("action", "lines"), [("outline", 12), ("brainstorm", 6), ("title", 5)])
def test_lists_are_markdown_lists_about_the_text(action: str, lines: int) -> None:
    text = answer_to(action, text_before=REPORT)
    found = text.split("\n")
    assert len(found) == lines
    assert all(re.match(r"(  )?- \S", line) for line in found)
    assert re.search("heron|fish|river", text, re.IGNORECASE)


def test_a_story_goes_on_with_the_people_of_its_sheet_and_not_with_words_of_their_notes() -> None:
    sheet = "character: Piet – Afraid of water. Trusts Nobody.\ncharacter: the miller\nplace: Haarlem – Cold."
    story = Forward("It was late. ", seed="a", sheet=sheet)
    written = " ".join(story.scene() for _ in range(20))
    assert "Piet" in written
    assert "miller" in written
    assert "Afraid" not in written


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The heron waited by the weir, and the very old river is high.", {"heron", "weir", "river"}),
        ("In the mill near Haarlem, the letter waited. Haarlem slept.", {"letter", "mill"}),
        ("They left Haarlem. Haarlem sleeps.", {"left", "Haarlem", "sleeps"}),
    ],
)
def test_it_speaks_of_things_and_spells_names_as_the_text_does(text: str, wanted: set[str]) -> None:
    assert set(topics(text)) == wanted


def test_the_sheet_of_a_text_without_names_is_empty_and_no_failure() -> None:
    for text in ("…", "12 34", "It is so."):
        assert list(found_in(answer_to("sheet", text_before=text), text.lower())) == []
        assert answer_to("sheet", text_before=text)


def test_a_story_goes_on_with_its_own_people_and_places() -> None:
    scene = answer_to("story", text_before=STORY)
    turns = answer_to("story", text_before=STORY, aspect="turns")
    assert "Anna" in scene
    assert "Piet" in scene
    assert turns.count("- **") == 4
    assert "Haarlem" in turns


def test_what_a_dead_generator_wrote_is_not_written_again() -> None:
    built = ACTIONS["shorten"].messages(GenerationInput(selection=REPORT), written="# Herons\n\nThe")
    rest = compose([{"role": one.role, "content": one.content} for one in built])
    assert "# Herons\n\nThe" + rest == answer_to("shorten", selection=REPORT)


def test_findings_are_one_object_a_line() -> None:
    *lines, end = answer_to("grammar", selection="I saw teh heron.").split("\n")
    assert json.loads(end) == {"end": True}
    assert [json.loads(line)["original"] for line in lines] == ["teh"]
