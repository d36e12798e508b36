"""What the test provider does with a request: `key=value` pairs in the model's name, after the server's defaults.

`openai/test;rate=40;fault=stall;at=3` streams three tokens at 40 per second and then says nothing more.
"""

import re
from dataclasses import dataclass, replace

POEM = (
    "the heron waits where the river bends and light comes slowly over the reeds while nobody speaks of the winter "
    "that took the old bridge or of the letters which never came"
)
WORDS = POEM.split()


@dataclass(frozen=True)
class Behaviour:
    """Settings of one answer. Times in seconds."""

    first: float = 0.0  # before the first token
    rate: float = 0.0  # tokens per second after it; 0: as fast as they are taken
    tokens: int = 24
    text: str = ""  # the answer, `_` for a space; else words in a fixed order
    stamp: int = 0  # 1: token i is `i@<monotonic ns> `, token 0 also says when the request came
    # bytes: network writes cut inside characters; surrogates: halves of a pair in two chunks; words: three letters
    # each; a number: tokens of so many characters, of `text`
    split: str = ""
    finish: str = "stop"
    usage: int = 1
    # a status, or: policy, reset, truncate, stall-first, stall, keep-alive, html, malformed, error, empty, endless
    fault: str = ""
    at: int = 5  # the token a fault in the middle comes after
    times: int = 0  # only so many first requests with this model name have the fault; 0: all
    retry_after: int = 0
    # As a moderation model, which answers after `first`, or has a `fault` that is a status or stall-first:
    flags: str = ""  # the categories that apply, by commas
    where: str = ""  # only to texts that have this in them
    when_told: int = 0  # 1: answers once told to (Provider.answer_now)

    def answer(self) -> list[str]:
        """Return the tokens of the answer, in order."""
        if self.fault == "empty":
            return []
        if self.text and self.split.isdigit():
            text, size = self.text.replace("_", " "), int(self.split)
            return [text[start : start + size] for start in range(0, len(text), size)]
        if self.text:
            return re.findall(r"\s*\S+", self.text.replace("_", " "))
        if self.split == "words":
            return re.findall(r"(?s).{1,3}", " ".join(WORDS[: self.tokens]))
        if self.split:
            return ["\U0001f99a " for _ in range(self.tokens)]
        return [WORDS[index % len(WORDS)] + " " for index in range(self.tokens)]


def parse(model: str, defaults: Behaviour) -> Behaviour:
    """Return the behaviour that `model` asks for."""
    wanted = dict(pair.split("=", 1) for pair in model.split(";")[1:] if "=" in pair)
    given = {name: type(getattr(defaults, name))(value) for name, value in wanted.items()}
    return replace(defaults, **given)
