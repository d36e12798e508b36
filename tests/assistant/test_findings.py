"""Findings out of whatever a model writes, and the edits made of them: in the right place, or not at all."""

import json
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.assistant.edits import EditMaker, PlacedEdit, Respected, changed, changed_in_plain, is_rewritten
from apps.assistant.findings import Finding, FindingReader
from apps.assistant.placing import Plain, code_points, utf16_length
from apps.assistant.prompts.grammar import CATEGORIES

FOUND = {"original": "teh", "replacement": "the", "category": "spelling", "explanation": "A slip.", "context": ""}
LINE = json.dumps(FOUND)


def read(answer: str, *, size: int = 1_000_000) -> tuple[list[Finding], FindingReader]:
    reader = FindingReader()
    found = [one for at in range(0, len(answer), size) for one in reader.feed(answer[at : at + size])]
    reader.close()
    return found, reader


def maker(text: str, *, corrects: bool = True, words: Collection[str] = (), rules: Collection[str] = ()) -> EditMaker:
    respected = Respected(frozenset(words), frozenset(rules))
    return EditMaker(text, action="grammar", categories=CATEGORIES, respected=respected, corrects=corrects)


def edit(text: str, original: str, replacement: str, context: str = "", **options: Any) -> tuple[str, str] | str:
    """Return what an edit replaces and by what, or why there is none."""
    made = maker(text, **options)
    placed = made.make(Finding(original, replacement, "grammar", "Why.", context))
    if placed is None:
        (reason,) = made.dropped
        return reason
    return text[placed.start : placed.end], placed.replacement


def applied(text: str, edits: list[PlacedEdit]) -> str:
    for one in sorted(edits, key=lambda one: one.start, reverse=True):
        text = text[: one.start] + one.replacement + text[one.end :]
    return text


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("answer", "count", "said_end"),
    [
        (f"{LINE}\n{LINE}\n", 2, False),
        (f'{LINE}\n{{"end": true}}', 1, True),
        ('{"end": true}', 0, True),
        (f"```json\n{LINE}\n```", 1, False),
        (f"[{LINE},\n{LINE}]", 2, False),
        (json.dumps([FOUND, FOUND], indent=2), 2, False),
        (json.dumps({"findings": [FOUND]}, indent=2), 1, False),
        ("[]", 0, True),
        ("```json\n[]\n```", 0, True),
        ('{"findings": []}', 0, True),
        (f"Here is what I found:\n\n1. {LINE}\n\nThat is all.", 1, False),
        (f'{{"original": "half of it\n{LINE}', 1, False),
        (f'{{"original": "half",\n{LINE}', 1, False),
        (f"{LINE}{LINE}", 2, False),
        (f"{LINE[:-1]}", 0, False),
        ("", 0, False),
        ("I could not find any mistakes.", 0, False),
        ("<html><head><style>body {color: red}</style></head><body>Bad gateway</body></html>", 0, False),
        ('{"original": 3, "replacement": "the"}', 0, False),
        ('{"original": "teh", "replacement": null}', 0, False),
        ('{"original": "teh"}', 0, False),
        ('["teh", "the"]', 0, False),
        ("{" * 2_000 + "}" * 2_000, 0, False),
        ('{"a":' * 2_000 + "1" + "}" * 2_000, 0, False),
        (r'{"original": "a \"quoted\" {brace}", "replacement": "}"}', 1, False),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_findings_are_read_out_of_whatever_stands_around_them(answer: str, count: int, said_end: bool) -> None:
    found, reader = read(answer)
    assert (len(found), reader.said_end) == (count, said_end)


def test_a_finding_is_there_with_its_last_character() -> None:
    reader = FindingReader()
    assert reader.feed(LINE[:-1]) == []
    assert reader.feed("}") == [Finding("teh", "the", "spelling", "A slip.", "")]


def test_an_object_without_end_is_given_up_and_the_next_one_read() -> None:
    found, reader = read('{"original": ["' + '", "'.join(["x"] * 5_000) + f'"\n{LINE}')
    assert len(found) == 1
    assert reader.unreadable >= 1


def test_half_a_surrogate_pair_and_nul_are_no_text() -> None:
    ((finding,), _) = read('{"original": "a\\ud83e", "replacement": "\\u0000b"}')
    assert (finding.original, finding.replacement) == ("a\ufffd", "b")


pieces = st.one_of(
    st.just(LINE),
    st.just(LINE[:20]),
    st.sampled_from(["{", "}", '"', "\\", "\n", "[", "]", "```json", '{"end": true}', "é🦚", "text "]),
    st.builds(lambda a, b: json.dumps({"original": a, "replacement": b}), st.text(max_size=8), st.text(max_size=8)),
)


@given(st.lists(pieces, max_size=12).map("".join), st.integers(1, 9))
@settings(max_examples=150)
def test_any_cutting_of_the_answer_gives_the_same_findings(answer: str, size: int) -> None:
    whole, by_piece = read(answer), read(answer, size=size)
    assert whole[0] == by_piece[0]
    assert whole[1].unreadable == by_piece[1].unreadable
    assert whole[1].said_end == by_piece[1].said_end


# ---------------------------------------------------------------- placing


@pytest.mark.parametrize(
    ("text", "original", "replacement", "context", "wanted"),
    [
        ("I saw teh heron.", "teh", "the", "", ("teh", "the")),
        ("I saw teh heron.", "I saw teh heron.", "I saw the heron.", "", ("teh", "the")),
        ("It’s late, isn’t it", "isn't it", "isn't it?", "", ("it", "it?")),
        ("He said “go” and left", "“go” and left", "“go,” and left", "", ("go", "go,")),
        ('He said “it go" and', '"it go"', '"it goes"', "", ("go", "goes")),
        ("two  spaces are to many", "spaces are to many", "spaces are too many", "", ("to", "too")),
        ("a\u00a0apple a day", "a apple", "an apple", "", ("a", "an")),
        ("the cafe\u0301 are open", "café are", "café is", "", ("are", "is")),
        ("co\u00adoperate with he", "cooperate with he", "cooperate with him", "", ("he", "him")),
        ("the the heron", "the the heron", "the heron", "", ("the ", "")),
        ("the big  heron", "big  heron", "big heron", "", ("  ", " ")),
        ("wait for while", "for while", "for a while", "", ("for ", "for a ")),
        ("cat sat", "cat sat", "The cat sat", "", ("cat", "The cat")),
        ("🦚🦚 teh", "teh", "the", "", ("teh", "the")),
        ("鹭鸟在河辺等待", "河辺", "河边", "", ("河辺", "河边")),
    ],
)
def test_an_edit_replaces_just_what_changes(
    text: str, original: str, replacement: str, context: str, wanted: tuple[str, str]
) -> None:
    result = edit(text, original, replacement, context)
    assert not isinstance(result, str), result
    before, after = wanted
    assert result[0] == before
    assert result[1].replace("’", "'") == after


@pytest.mark.parametrize(
    ("text", "original", "replacement", "reason"),
    [
        ("I saw it.", "nowhere", "somewhere", "not_in_text"),
        ("concatenate", "cat", "dog", "not_in_text"),
        ("I saw it.", "saw", "saw", "no_change"),
        ("It’s so", "It's", "It's", "no_change"),
        ("one.\ntwo.", "one.\ntwo.", "one, two.", "several_blocks"),
        ("one. two.", "one. two.", "one.\ntwo.", "several_blocks"),
        ("I saw it.", "saw", "<b>saw</b>", "markup"),
        ("I saw it.", "saw", "**sawed**", "markup"),
        ("I saw it.", "saw", "видел", "other_language"),
        ("I saw the old heron at the river.", "I saw the old heron at the river", "Wir sind alle weg", "rewritten"),
        ("I saw it.", "", "x", "not_in_text"),
        ("e\u0301", "e", "a", "not_in_text"),
    ],
)
def test_what_would_be_a_wrong_edit_is_none(text: str, original: str, replacement: str, reason: str) -> None:
    assert edit(text, original, replacement) == reason


def test_an_html_text_may_be_corrected_as_html() -> None:
    assert edit("<b>teh</b>", "<b>teh</b>", "<b>the</b>") == ("teh", "the")


def test_a_better_wording_is_taken_as_a_whole() -> None:
    assert edit("It was done by us.", "It was done by us", "We did it", corrects=False) == (
        "It was done by us",
        "We did it",
    )


def test_the_context_tells_which_place_is_meant() -> None:
    text = "Their late. Their house. Their gone."
    made = maker(text).make(Finding("Their", "They're", "grammar", "", "Their gone"))
    assert made is not None
    assert text.index("Their gone") == made.start


def test_without_context_the_order_of_the_text_tells_it() -> None:
    text = "a apple, a orange, a egg"
    made = maker(text)
    edits = [made.make(Finding("a", "an", "article")) for _ in range(4)]
    assert [one.start if one else None for one in edits] == [0, 9, 19, None]
    assert made.dropped == {"overlapping": 1}


def test_two_findings_that_quote_one_sentence_are_two_edits() -> None:
    text = "He go to teh river."
    made = maker(text)
    edits = [
        made.make(Finding("He go to teh river.", "He goes to teh river.")),
        made.make(Finding("He go to teh river.", "He go to the river.")),
    ]
    assert applied(text, [one for one in edits if one]) == "He goes to the river."


def test_a_word_of_the_dictionary_stays() -> None:
    assert edit("A Ptarmigann flew", "Ptarmigann", "Ptarmigan", words={"Ptarmigann"}) == "dictionary"
    assert edit("A Ptarmigann flew", "A Ptarmigann", "The Ptarmigann", words={"Ptarmigann"}) == ("A", "The")


@pytest.mark.parametrize("rule", ["article", "grammar:article"])
def test_an_ignored_rule_is_not_shown(rule: str) -> None:
    made = maker("a apple", rules={rule})
    assert made.make(Finding("a", "an", "article")) is None
    assert made.make(Finding("a", "an", "Spelling")) is not None
    assert made.dropped == {"ignored_rule": 1}


def test_a_category_nobody_knows_is_the_general_one() -> None:
    placed = maker("a apple").make(Finding("a", "an", "Vowels!"))
    assert placed is not None
    assert placed.category == "grammar"


def test_what_was_found_before_is_not_found_again() -> None:
    made = maker("🦚 a apple, a egg")
    made.take(3, 4)
    placed = made.make(Finding("a", "an"))
    assert placed is not None
    assert placed.start == 11


words = st.sampled_from(["teh", "the", "a", "an", "’", "'", "“x”", "…", "  ", " ", "\n", "🦚", "é", "é", "河", "."])
texts = st.lists(words, max_size=30).map("".join)


@given(st.text(max_size=20) | texts, st.text(max_size=20) | texts)
@example("the cat", "the big cat")
@example("the the", "the")
def test_what_is_unchanged_is_the_same_on_both_sides(original: str, replacement: str) -> None:
    for find, alike in ((changed, str), (changed_in_plain, lambda text: Plain(text).text)):
        old, new = find(original, replacement)
        assert alike(original[: old[0]]) == alike(replacement[: new[0]])
        assert alike(original[old[1] :]) == alike(replacement[new[1] :])
        assert 0 <= old[0] <= old[1] <= len(original)
        assert 0 <= new[0] <= new[1] <= len(replacement)
        if alike(original):
            assert old[0] < old[1]


def test_a_translation_is_no_correction_but_many_corrections_are_one() -> None:
    assert is_rewritten("the old heron stands at the river", "der alte Reiher steht am Fluss")
    assert not is_rewritten("he go too the rivver and fish", "he goes to the river and fishes")


@given(texts, st.lists(st.tuples(texts, texts, texts), max_size=12), st.booleans(), st.data())
@settings(max_examples=150)
def test_edits_touch_nothing_outside_their_ranges(
    text: str, wanted: list[tuple[str, str, str]], corrects: bool, data: st.DataObject
) -> None:
    made = maker(text, corrects=corrects)
    edits: list[PlacedEdit] = []
    for original, replacement, context in wanted:
        if text and data.draw(st.booleans()):  # a quotation that is there
            start = data.draw(st.integers(0, len(text) - 1))
            original = text[start : start + data.draw(st.integers(1, 8))]
        placed = made.make(Finding(original, replacement, "grammar", "", context))
        if placed is not None:
            edits.append(placed)
    edits.sort(key=lambda one: one.start)
    outside, at = "", 0
    for one in edits:
        assert at <= one.start < one.end <= len(text), "edits overlap, or are empty"
        assert "\n" not in text[one.start : one.end]
        units = made.utf16(one.start), made.utf16(one.end)
        in_units = text.encode("utf-16-le")[units[0] * 2 : units[1] * 2].decode("utf-16-le")
        assert in_units == text[one.start : one.end]
        assert code_points(text, units[0]) == one.start
        outside += text[at : one.start]
        at = one.end
    outside += text[at:]
    changed = applied(text, edits)
    for one in edits:
        assert one.replacement in changed
    assert len(changed) == len(outside) + sum(len(one.replacement) for one in edits)
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2


def test_a_wording_in_another_language_is_none() -> None:
    text = "I saw the old heron at the river this morning, and it stood there."
    german = "Ich habe den alten Reiher heute am Fluss gesehen"
    assert edit(text, "I saw the old heron at the river this morning", german, corrects=False) == "other_language"
