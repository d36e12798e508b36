"""How the demo model writes what it found: the form that `apps/assistant/prompts/findings.py` asks for."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

CONTEXT_CHARACTERS = 30

Replace = Callable[["re.Match[str]"], str]


@dataclass(frozen=True)
class Rule:
    """Where `pattern` is found, `replacement` is proposed: a template, or a function; the same or "" for a no."""

    pattern: "re.Pattern[str]"
    replacement: str | Replace
    category: str
    explanation: str
    english: bool = True


@dataclass(frozen=True)
class Found:
    """A proposal for `line[start:end]`."""

    start: int
    end: int
    replacement: str
    category: str
    explanation: str


def rule(pattern: str, replacement: str | Replace, category: str, explanation: str, *, english: bool = True) -> Rule:
    return Rule(re.compile(pattern, re.IGNORECASE), replacement, category, explanation, english)


def apply(rules: Iterable[Rule], line: str, *, english: bool) -> list[Found]:
    """Return what `rules` find in a line, in its order; where two overlap, the one of the earlier rule."""
    found: list[Found] = []
    for one in rules:
        if one.english and not english:
            continue
        for match in one.pattern.finditer(line):
            new = one.replacement(match) if callable(one.replacement) else match.expand(one.replacement)
            if new != match[0] and all(match.end() <= other.start or other.end <= match.start() for other in found):
                found.append(Found(match.start(), match.end(), new, one.category, one.explanation))
    return sorted(found, key=lambda each: each.start)


def replaced(rules: Iterable[Rule], line: str, *, english: bool = True) -> str:
    """Return the line with everything that `rules` find replaced."""
    for one in reversed(apply(rules, line, english=english)):
        line = line[: one.start] + one.replacement + line[one.end :]
    return line


def written(text: str, find: Callable[[str], Iterable[Found]]) -> str:
    """Return the findings in `text`, one JSON object a line, and the end."""
    objects = [_object(line, found) for line in text.split("\n") for found in find(line)]
    return "\n".join([*objects, '{"end": true}'])


def _object(line: str, found: Found) -> str:
    return json.dumps(
        {
            "context": context(line, found.start, found.end),
            "original": line[found.start : found.end],
            "replacement": found.replacement,
            "category": found.category,
            "explanation": found.explanation,
        },
        ensure_ascii=False,
    )


def context(line: str, start: int, end: int) -> str:
    """Return the words around, as much as makes the place the only one in its line where that is possible."""
    reach = CONTEXT_CHARACTERS
    while True:
        around = line[max(0, start - reach) : end + reach]
        if line.count(around) == 1 or reach > len(line):
            return around
        reach *= 2


def tables(pairs: str, category: str, explanation: str) -> Iterator[Rule]:
    """Yield a rule for each line “wrong > right” of `pairs`, the longest first: it may hold another."""
    for pair in sorted(pairs.strip().splitlines(), key=len, reverse=True):
        wrong, _, right = (part.strip() for part in pair.partition(">"))
        yield rule(rf"\b{re.escape(wrong)}\b", cased(right), category, explanation)


def cased(right: str) -> Replace:
    """Return a replacement that begins with a capital where what it replaces does."""
    return lambda match: right[:1].upper() + right[1:] if match[0][:1].isupper() else right
