"""The demo model's rewriting: it leaves out, replaces words and joins, line by line, so that Markdown survives."""

import re
from collections.abc import Callable

from apps.llm.demo_findings import Rule, replaced, rule, tables
from apps.llm.demo_suggestions import ANNOUNCED, BY_ASPECT, COLLOQUIAL, FILLER, PLAIN, ROUNDABOUT
from apps.llm.demo_words import central, sentences, topics

MARKS = re.compile(r"^(?:\s*(?:#{1,6}\s+|[-*+]\s+(?:\[[ xX]\]\s+)?|\d+[.)]\s+|>\s?))+")
FENCE = re.compile(r"^\s*(?:```|~~~)")
TABLE = re.compile(r"^\s*\|")
ASIDE = re.compile(r" ?\((?!http)[^()\[\]]*\)(?!\()")

CONTRACTIONS = """
don't > do not
doesn't > does not
didn't > did not
can't > cannot
won't > will not
isn't > is not
aren't > are not
wasn't > was not
it's > it is
that's > that is
I'm > I am
I've > I have
we're > we are
you're > you are
they're > they are
let's > let us
"""
HEDGES = rule(r"\b(?:perhaps|maybe|somewhat|sort of|kind of|I think|I guess|it seems that) ", "", "", "")
SHOUTS = rule(r"!+", ".", "", "")

Lines = Callable[[str], str]


def _turned(pairs: str) -> str:
    return "\n".join(" > ".join(reversed(pair.split(" > "))) for pair in pairs.strip().splitlines())


def _curly(pairs: str) -> str:
    return pairs + pairs.replace("'", "’")


FORMAL = (*tables(_curly(CONTRACTIONS), "", ""), *tables(COLLOQUIAL, "", ""), SHOUTS)
CASUAL = (*tables(_turned(CONTRACTIONS), "", ""), *tables(PLAIN, "", ""))
CONFIDENT = (HEDGES, *tables("could > can\nmight > will\nwe believe that > we know that", "", ""))
POLITE = (
    *tables("you must > please\nyou have to > please\nI want > I would like\ngive me > please give me", "", ""),
    SHOUTS,
)
TONES: dict[str, tuple[Rule, ...]] = {
    **dict.fromkeys(("formal", "professional", "academic", "business", "serious", "neutral"), FORMAL),
    **dict.fromkeys(("casual", "informal", "friendly", "warm", "conversational", "relaxed", "playful"), CASUAL),
    **dict.fromkeys(("confident", "assertive", "direct", "bold", "persuasive"), CONFIDENT),
    **dict.fromkeys(("polite", "diplomatic", "kind", "respectful", "gentle"), POLITE),
}
SIMPLE = (*tables(PLAIN, "", ""), *tables(ROUNDABOUT, "", ""), ANNOUNCED)
CONCISE = (*BY_ASPECT["concision"],)
CLEARER = (*tables(ROUNDABOUT, "", ""), ANNOUNCED, *tables(PLAIN, "", ""), FILLER)


def by_line(text: str, rewrite: Lines, *, headings: bool = True) -> str:
    """Return `text` with each line's words rewritten: its marks stay, code and tables stay as they are."""
    lines, in_code = [], False
    for line in text.split("\n"):
        if FENCE.match(line):
            in_code = not in_code
        elif not in_code and not TABLE.match(line) and line.strip():
            marks = MARKS.match(line)
            start = marks.end() if marks else 0
            if headings or not line.lstrip().startswith("#"):
                line = line[:start] + rewrite(line[start:])
        lines.append(line)
    return "\n".join(lines)


def shorten(text: str, wording: str) -> str:
    share = 0.8 if "four fifths" in wording else 0.25 if "quarter" in wording else 0.5

    def rewrite(line: str) -> str:
        shorter = ASIDE.sub("", replaced(CONCISE, line)) if share < 0.8 else replaced(CONCISE, line)
        found = sentences(shorter)
        kept = central(found, max(1, round(len(found) * share)))
        return " ".join(kept) if len(found) > 1 else shorter

    return by_line(text, rewrite, headings=False)


def summarize(text: str, wording: str) -> str:
    found = [
        sentence
        for line in text.split("\n")
        if line.strip() and not line.lstrip().startswith("#") and not FENCE.match(line)
        for sentence in sentences(MARKS.sub("", line))
    ]
    count = 2 if "one or two" in wording else max(1, len(found) // 3) if "third" in wording else 4
    chosen = central(found, count) or [text.strip()]
    return " ".join(one if one[-1:] in '.!?…:;"”’)' else f"{one}." for one in chosen)


def expand(text: str, _: str) -> str:
    """Return `text` with what a writer could go into, in brackets: a model that knows nothing must not invent."""

    def rewrite(line: str) -> str:
        subject = topics(line)
        if len(sentences(line)) < 1 or not subject or line.rstrip()[-1:] not in ".!?":
            return line
        first, last = subject[0], subject[-1]
        more = f"[An example of “{first}” would help here.] [Say what follows from this for “{last}”.]"
        return f"{line} {more}"

    return by_line(text, rewrite, headings=False)


def simplify(text: str, _: str) -> str:
    def rewrite(line: str) -> str:
        plain = replaced(SIMPLE, line)
        return re.sub(r"; ([a-z])", lambda found: f". {found[1].upper()}", plain)

    return by_line(text, rewrite)


def tone(text: str, wanted: str) -> str:
    rules = next((TONES[word] for word in re.findall(r"[a-z]+", wanted.lower()) if word in TONES), None)
    if rules is not None:
        return by_line(text, lambda line: replaced(rules, line))
    return unable(f"give a text the tone “{wanted.strip()}”; it knows formal, casual, confident and polite", text)


def translate(text: str, into: str) -> str:
    return unable(f"translate into “{into.strip()}”", text)


def unable(what: str, text: str) -> str:
    """Return `text` untouched, under a line that says what this model cannot do."""
    return f"[The demo model cannot {what}. Connect a model for that; your text is unchanged.]\n\n{text}"


WISHES: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r"short|concis|brief|trim|cut", lambda text: shorten(text, "half")),
    (r"summar|gist|tl;?dr|main point", lambda text: summarize(text, "")),
    (r"expand|longer|elaborat|more detail", lambda text: expand(text, "")),
    (r"simpl|plain|easier|eli5", lambda text: simplify(text, "")),
    (r"bullet|list", lambda text: bullets(text)),
    (r"upper ?case|capital letters", str.upper),
    (r"formal|professional|academic", lambda text: tone(text, "formal")),
    (r"casual|friendly|informal|warm", lambda text: tone(text, "casual")),
    (r"confident|assertive|direct", lambda text: tone(text, "confident")),
    (r"polite|diplomatic|kind", lambda text: tone(text, "polite")),
    (r"clear|fluent|improve|better|rewrite|polish|rephrase", lambda text: clearer(text)),
)


def rewrite(text: str, wish: str) -> str:
    """Do what the wish asks for, as far as it names something this model can do."""
    if not wish.strip():
        return clearer(text)
    for pattern, do in WISHES:
        if re.search(pattern, wish, re.IGNORECASE):
            return do(text)
    return unable("do that; it can shorten, expand, simplify, list and change the tone", text)


def clearer(text: str) -> str:
    return by_line(text, lambda line: replaced(CLEARER, line))


def bullets(text: str) -> str:
    found = [one for line in text.split("\n") if line.strip() for one in sentences(MARKS.sub("", line))]
    return "\n".join(f"- {one}" for one in found)
