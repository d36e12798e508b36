"""The demo model's own writing: templates filled with the words and names of the text. It knows nothing."""

import random
import re

from apps.llm.demo_words import capitalized, names, sentences, topics

SENTENCE_END = re.compile(r"[.!?…:][\"'”’)\]]*\s*$")
CONTINUE_SENTENCES = 4
STAND_INS = ["the subject", "the text itself"]

# {a} and {b} are words of the document, each used as a noun whatever it is: hence "the matter of", "the word".
SENTENCES = (
    "The question of {a} deserves a closer look before anything else is decided.",
    "Seen from the side of {b}, the picture changes more than one would expect.",
    "That is where {a} and {b} meet, and it is worth staying there for a moment.",
    "A reader who came for {a} will now want to hear about {b}.",
    "None of this is final, but it gives {a} a place to stand.",
    "What was said about {a} holds for {b} as well, with one difference.",
    "It helps to begin with {b} and to let the rest follow from it.",
    "For now, let us keep {a} in view and see what it brings.",
    "Much depends on how {a} is understood, and on who is asked.",
    "With {b} in mind, the next step is easier to name.",
)
COMPLETIONS = (
    "and the question of {a} that comes with it.",
    "as far as {a} is concerned.",
    "with {a} still to be settled.",
    "and what it means for {a}.",
    "before we return to {a}.",
)
OUTLINE = (
    ("Where {a} stands today", ("What a reader has to know first", "Why {a} matters now")),
    ("{A} and {b}", ("What they have in common", "Where they part")),
    ("What speaks against it", ("The strongest objection", "What it leaves out about {b}")),
    ("What follows", ("The next step for {a}", "What is still open")),
)
IDEAS = (
    ("Begin with {a}", "A concrete moment draws a reader in before the argument starts."),
    ("Ask who is missing", "Somebody sees {a} differently; let them speak."),
    ("Set {a} against {b}", "The contrast shows what each of them is."),
    ("Give a number", "One figure about {b} makes the rest believable."),
    ("Go back in time", "How did {a} come to be what it is?"),
    ("Leave {b} out", "If nothing is lost, the text has found its subject."),
    ("Turn it round", "What if the opposite of what is said about {a} were true?"),
)
TITLES = ("{A} and {b}", "What {a} tells us about {b}", "The matter of {a}", "Why {a}, and why now?", "Beyond {b}")
SCENE = (
    "{p} did not answer at once.",
    "Outside, {place} had gone quiet, the way it does before weather.",
    "“You knew,” {q} said, and it was not a question.",
    "There was the matter of {a} between them, and neither wanted to be the first to name it.",
    "{p} looked at the door, then at {q}, and counted what could still be undone.",
    "It was {q} who moved first.",
    "Later, {p} would say that everything turned on that moment, on {a} and on who had seen it.",
)
TURNS = (
    ("What {p} kept silent", "{p} has known about {a} all along. When {q} finds out, trust has to be earned anew."),
    ("A visitor in {place}", "Somebody comes to {place} who has a claim on {a}. {p} has to choose a side."),
    ("The wrong choice", "{q} acts on what seems certain about {a}, and loses what was meant to be saved."),
    ("Two at once", "{p} and {q} want the same thing for opposite reasons. Only one of them can have it."),
)
SHEET_NAME = re.compile(r"^(character|place): (.+?)(?: – .*)?$", re.MULTILINE)  # of a story's sheet, a line each


class Forward:
    """Writes on from `text`. The same `seed` gives the same words."""

    def __init__(self, text: str, *, seed: str, sheet: str = "") -> None:
        self._choice = random.Random(seed)  # noqa: S311  (not a secret)
        self._text = text
        self._topics = topics(text)
        people, places = names(text)
        kept = SHEET_NAME.findall(sheet)
        known = [name for kind, name in kept if kind == "character"]
        self._people = list(dict.fromkeys((*known, *people, "the stranger", "the other one")))[:4]
        self._place = next((name for kind, name in kept if kind == "place"), (*places, "the house")[0])

    def continue_(self) -> str:
        """A few sentences, or first the rest of one when the text stops inside a sentence."""
        parts = [self._sentences(CONTINUE_SENTENCES)]
        if self._text.strip() and not SENTENCE_END.search(self._text):
            parts.insert(0, self._filled(self._choice.choice(COMPLETIONS), quoted=True))
        return " ".join(parts)

    def complete(self) -> str:
        if self._text.strip() and not SENTENCE_END.search(self._text):
            return self._filled(self._choice.choice(COMPLETIONS), quoted=True)
        return self._sentences(1)

    def outline(self) -> str:
        lines = []
        for head, points in OUTLINE:
            lines.append(f"- {self._filled(head)}")
            lines += [f"  - {self._filled(point)}" for point in points]
        return "\n".join(lines)

    def brainstorm(self) -> str:
        chosen = self._choice.sample(IDEAS, 6)
        return "\n".join(f"- **{self._filled(idea)}** – {self._filled(why)}" for idea, why in chosen)

    def titles(self) -> str:
        return "\n".join(f"- {self._filled(title)[:70]}" for title in TITLES)

    def scene(self) -> str:
        chosen = [line for line in SCENE if line == SCENE[0] or self._choice.random() < 0.8]
        return " ".join(self._filled(line) for line in chosen)

    def turns(self) -> str:
        return "\n".join(f"- **{self._filled(name)}** – {self._filled(what)}" for name, what in TURNS)

    def _sentences(self, count: int) -> str:
        return " ".join(self._filled(one, quoted=True) for one in self._choice.sample(SENTENCES, count))

    def _filled(self, template: str, *, quoted: bool = False) -> str:
        known = [f"“{topic}”" for topic in self._topics] if quoted else self._topics
        words = known or STAND_INS
        a = self._choice.choice(words)
        b = self._choice.choice([word for word in words if word != a] or STAND_INS)
        p, q = self._people[0], self._people[1]
        filled = template.format(a=a, b=b, A=capitalized(a), p=p, q=q, place=self._place)
        return capitalized(filled) if template[0] == "{" and not quoted else filled


def sheet_of(text: str) -> list[tuple[str, str, str]]:
    """Return who, where and what a story has, by rule: kind, name, and the first sentence that speaks of it."""
    people, places = names(text)
    found = [sentence for line in text.split("\n") for sentence in sentences(line)]

    def note(name: str) -> str:
        return next((sentence for sentence in found if name.lower() in sentence.lower()), "")[:200]

    threads = [topic for topic in topics(text) if capitalized(topic) not in (*people, *places)][:3]
    kinds = (("character", people[:12]), ("place", places[:8]), ("thread", threads))
    return [(kind, name, note(name)) for kind, known in kinds for name in known]
