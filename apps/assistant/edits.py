"""Makes edits of a model's findings: each at a place that says exactly what it replaces, or none at all."""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings

from apps.assistant.findings import Finding
from apps.assistant.language import is_other_language
from apps.assistant.placing import Places, Plain, Span, code_points, utf16_length

TOKEN = re.compile(r"\s+|[^\W_]+(?:['’][^\W_]+)*|.", re.DOTALL)
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|\*\*|__|```|&[a-z]+;")
JAPANESE = ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA")  # written together with Chinese characters
CATEGORY_MAX_CHARACTERS = 40
REWRITTEN_FROM_WORDS = 6  # a correction of so many words keeps some of them
KEPT_SHARE = 0.3
LANGUAGE_FROM_WORDS = 5  # of fewer, no language can be told


@dataclass(frozen=True)
class PlacedEdit:
    """An edit in code points of the text."""

    start: int
    end: int
    replacement: str
    category: str
    explanation: str


@dataclass(frozen=True)
class Respected:
    """What people decided before. `words`: the dictionary. `rules`: findings they do not want to see."""

    words: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()


class EditMaker:
    """Places the findings in one text, in the order they come. `dropped` counts the others, by reason."""

    def __init__(
        self, text: str, *, action: str, categories: Collection[str], respected: Respected, corrects: bool
    ) -> None:
        """`categories`: the first stands for any that is not among them. `corrects`: findings are mistakes."""
        self.text = text
        self.dropped: Counter[str] = Counter()
        self._places = Places(text)
        self._action = action
        self._categories = tuple(categories)
        self._respected = respected
        self._corrects = corrects
        self._taken: list[Span] = []
        self._curly = "’" in text and "'" not in text
        self._scripts = scripts(text)

    def take(self, start: int, end: int) -> None:
        """Remember an edit that was made before, in UTF-16 code units."""
        self._taken.append((code_points(self.text, start), code_points(self.text, end)))

    def make(self, finding: Finding) -> PlacedEdit | None:
        """Return the edit, or None where there is nothing that may be shown."""
        edit = self._make(finding)
        if isinstance(edit, str):
            self.dropped[edit] += 1
            return None
        self._taken.append((edit.start, edit.end))
        return edit

    def utf16(self, position: int) -> int:
        return utf16_length(self.text[:position])

    def _make(self, finding: Finding) -> PlacedEdit | str:
        """Return the edit, or why there is none."""
        category = self._category(finding.category)
        if {category, f"{self._action}:{category}"} & self._respected.rules:
            return "ignored_rule"
        if "\n" in finding.original or "\n" in finding.replacement:
            return "several_blocks"
        if len(finding.replacement) > settings.ASSISTANT_FINDING_MAX_CHARACTERS:
            return "too_long"
        after = max((end for _, end in self._taken), default=0)
        spans = self._places.candidates(finding.original, finding.context, after=after)
        if not spans:
            return "not_in_text"
        replacement = in_style(finding.replacement) if self._curly else finding.replacement
        explanation = " ".join(finding.explanation.split())[: settings.ASSISTANT_EXPLANATION_MAX_CHARACTERS]
        for start, end in spans:
            exact = self.text[start:end] == finding.original
            edit = self._at(start, end, replacement, category, explanation, exact=exact)
            if isinstance(edit, str) or not any(edit.start < to and start < edit.end for start, to in self._taken):
                return edit
        return "overlapping"

    def _at(
        self, start: int, end: int, replacement: str, category: str, explanation: str, *, exact: bool
    ) -> PlacedEdit | str:
        """Return the edit of `text[start:end]`, cut down to what changes where it corrects, or why there is none.

        `exact`: the model quoted it letter by letter, so a change of quotes or spaces is one it means.
        """
        original = self.text[start:end]
        if original == replacement or (not exact and Plain(original).text == Plain(replacement).text):
            return "no_change"
        if self._corrects:
            old, new = changed(original, replacement) if exact else changed_in_plain(original, replacement)
            start, end = start + old[0], start + old[1]
            replacement = replacement[new[0] : new[1]]
            original = self.text[start:end]
        if reason := self._objection(original, replacement):
            return reason
        return PlacedEdit(start, end, replacement, category, explanation)

    def _objection(self, original: str, replacement: str) -> str:
        if not original or "\n" in original:
            return "several_blocks"
        if any(mark not in self.text for mark in MARKUP.findall(replacement)):
            return "markup"
        if self._corrects and changes_word(original, replacement, self._respected.words):
            return "dictionary"
        if self._scripts and not scripts(replacement) <= self._scripts:
            return "other_language"
        if self._corrects and is_rewritten(original, replacement):
            return "rewritten"
        if len(WORD.findall(replacement)) >= LANGUAGE_FROM_WORDS and is_other_language(replacement, self.text):
            return "other_language"
        return ""

    def _category(self, category: str) -> str:
        name = "_".join(category.lower().split())[:CATEGORY_MAX_CHARACTERS]
        return name if name in self._categories else self._categories[0]


def changed(original: str, replacement: str) -> tuple[Span, Span]:
    """Return the part that changes, in `original` and in `replacement`: whole words, and something of `original`."""
    old, new = TOKEN.findall(original), TOKEN.findall(replacement)
    shorter = min(len(old), len(new))
    lead = next((at for at in range(shorter) if old[at] != new[at]), shorter)
    rest = shorter - lead
    trail = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    if lead + trail >= len(old):  # something is inserted: the word beside it stands for the place
        trail = min(trail, max(0, len(old) - 1))
        lead = min(lead, max(0, len(old) - trail - 1))
        while lead > 0 and old[lead].isspace():
            lead -= 1
    before, behind = len("".join(old[:lead])), len("".join(old[len(old) - trail :]))
    return (before, len(original) - behind), (before, len(replacement) - behind)


def changed_in_plain(original: str, replacement: str) -> tuple[Span, Span]:
    """Return the same, taking alike what looks alike: the writer's own quotes and spaces stay around the change."""
    plain_original, plain_replacement = Plain(original), Plain(replacement)
    old, new = changed(plain_original.text, plain_replacement.text)
    spans = plain_original.span(*old), plain_replacement.span(*new)
    if spans[0] is None or spans[1] is None:
        return changed(original, replacement)
    return spans[0], spans[1]


def changes_word(original: str, replacement: str, words: Collection[str]) -> bool:
    """Say whether a word of the dictionary would go."""
    kept = set(WORD.findall(replacement))
    return any(word in words and word not in kept for word in WORD.findall(original)) or (
        original in words and original not in replacement
    )


def is_rewritten(original: str, replacement: str) -> bool:
    """Say whether hardly a word is left: a translation, or another sentence."""
    old, new = (WORD.findall(text.casefold()) for text in (original, replacement))
    if len(old) < REWRITTEN_FROM_WORDS or not new:
        return False
    kept = difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return sum(block.size for block in kept) < KEPT_SHARE * len(old)


def scripts(text: str) -> frozenset[str]:
    """Return the scripts the letters of `text` belong to, as Unicode names them: LATIN, CYRILLIC, CJK, …"""
    letters = {character for character in text if character.isalpha()}
    names = {unicodedata.name(letter, "").partition(" ")[0] for letter in letters}
    return frozenset("CJK" if name in JAPANESE else name for name in names)


def in_style(replacement: str) -> str:
    """Return `replacement` with the curly apostrophes of a text that has no others."""
    return re.sub(r"(?<=\w)'(?=\w|$|\s)", "’", replacement)
