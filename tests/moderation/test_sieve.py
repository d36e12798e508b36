"""What is let through before terms and patterns are looked for is never what one of them would have found."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.moderation.lookouts import input_lookout
from apps.moderation.redaction import Lookout
from apps.moderation.rules import KnownRule, RuleSet
from apps.moderation.sieve import needed
from apps.moderation.terms import pattern_detectors, term_detectors

TERMS = {
    1: "falcon",
    2: "project heron",
    3: "проект",
    4: "合同",
    5: "1488",
    6: "t.b.d.",
    7: "Straße",
    8: "l'été",
    9: "$$$",
}
PATTERNS = {
    20: r"\bcase-\d{2,6}",
    21: r"kilos? of (?:snow|powder)",
    22: r"(?:a|b){3}!",
    23: r"[Aa]gent \d+",
    24: "ÉTÉ-X",
}
RULES = RuleSet(
    tuple(
        KnownRule(number, kind, content, "flag", "both", "", None)
        for kind, some in (("term", TERMS), ("pattern", PATTERNS))
        for number, content in some.items()
    )
)
WHOLE = Lookout(
    [*term_detectors(TERMS), *pattern_detectors(PATTERNS)], dict.fromkeys((*TERMS, *PATTERNS), "flag"), decodes=True
)
DISGUISED = [
    *("falcon", "F4LC0N", "f a l c o n", "f.a.l.c.o.n", "fal\u200bcon", "f\u0430lc\u043en", "fálcon", "ｆａｌｃｏｎ"),  # noqa: RUF001
    *("Project\n Heron", "pr0ject_her0n", "ПРОЕКТ", "合同", "1488", "t.b.d.", "STRASSE", "strasse", "L'ete", "$$$"),
    *(
        "case-17",
        "CASE-4711",
        "kilo of snow",
        "bab!",
        "agent 7",
        "été-x",
        base64.b64encode(b"all the falcons, falcon").decode(),
    ),
]
words = st.sampled_from([*DISGUISED, "the", "heron", "project", "con", "-", "12", "\n", "case", "f", "a", "l"])


@settings(max_examples=300)
@given(st.lists(words, max_size=12), st.sampled_from([" ", "", ", ", "\n"]))
def test_it_finds_what_is_found_without_it(parts: list[str], between: str) -> None:
    text = between.join(parts)
    sieved = input_lookout(RULES)
    assert sieved is not None
    assert [(start, end, match.rule) for start, end, match in sieved.matches(text)] == [
        (start, end, match.rule) for start, end, match in WHOLE.matches(text)
    ]


@pytest.mark.parametrize("word", DISGUISED)
def test_each_is_found(word: str) -> None:
    sieved = input_lookout(RULES)
    assert sieved is not None
    assert bool(sieved.matches(f"So {word} it is")) == bool(WHOLE.matches(f"So {word} it is"))


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        (r"\bCase-\d{2,6}", "case-"),
        (r"kilos? of it", " of it"),
        (r"(?:a|b){3}!", "!"),
        (r"a|b", ""),
        (r"(?i)snow", "snow"),
        (r"(", ""),
    ],
)
def test_what_a_pattern_needs(pattern: str, literal: str) -> None:
    assert needed(pattern) == literal
