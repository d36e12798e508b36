"""Attempts to instruct the assistant against the people it works for: in a request, or hidden in a text it reads.

Few and precise: a text that speaks about such attempts is not one, so each pattern wants an order that is spoken to a
model, or something that no writer's text has.
"""

import re
from collections.abc import Iterator, Sequence

from apps.moderation.folding import fold_text

# Tags (U+E0000 and on) spell out ASCII that nobody sees; runs of invisible characters can carry bits.
TAGS = re.compile("[\U000e0020-\U000e007e]{8,}")
FLAG_SEQUENCE = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
INVISIBLE = re.compile("[\u200b\u2060-\u2064\ufeff\u180e]{24,}|[\u202a-\u202e\u2066-\u2069]{12,}")

_PREVIOUS = (
    r"(?:all |any |the |your |my |of |these |those ){0,4}(?:previous|prior|above|earlier|preceding|foregoing|system)"
)
_ORDERS = r"(?:instructions?|prompts?|directions|directives|rules|guidelines|system messages?)"
ORDERS = re.compile(
    rf"\b(?:ignore|disregard|forget|override|bypass) {_PREVIOUS} {_ORDERS}\b"
    r"|\b(?:reveal|print|show|repeat|output|leak) (?:me )?(?:your|the) (?:hidden |full |entire |secret )*"
    r"(?:system|developer|initial) (?:prompt|instructions|message)\b"
    r"|<\|(?:im_start|im_end|system|endoftext)\|>|\[/?inst\]|<<sys>>"
    r"|\b(?:ignoriere|vergiss|missachte) (?:alle |die |deine ){0,3}(?:vorherigen|bisherigen|obigen) "
    r"(?:anweisungen|regeln)\b"
    r"|\b(?:ignore[zs]?|oublie[zs]?) (?:toutes )?(?:les|tes|vos) (?:instructions|consignes|regles) precedentes\b"
    r"|\b(?:ignora|olvida) (?:todas )?(?:las|tus) (?:instrucciones|reglas) (?:anteriores|previas)\b"
)
# Searched for everywhere, the pattern takes 8 ms for a long request; looked at where one of these stands, 0.3 ms.
ORDERS_BEGIN = (
    *("ignor", "disregard", "forget", "override", "bypass", "vergiss", "missachte", "oublie", "olvida"),
    *("reveal", "print", "show", "repeat", "output", "leak", "<|", "[inst", "[/inst", "<<sys"),
)
# A picture or link whose address is to be filled in with what the model has read.
EXFILTRATION = re.compile(
    r"\]\(https?://[^\s)]{1,300}[?&/=](?:\{\{?|\$\{|<|%7b)[^\s)]{1,80}"
    r"|\b(?:append|encode|include|insert|put|add) (?:[\w'-]+ ){1,10}(?:to|in|into|as) (?:the |this |a )*"
    r"(?:url|link|query string|query parameter|image (?:url|link|address))\b"
)
EXFILTRATION_BEGINS = ("](http", "append", "encode", "include", "insert", "put ", "add ")
# In a text that is only read, an order counts where it is spoken to a model.
ADDRESSED = re.compile(
    r"\b(?:you are (?:now )?(?:an? )?(?:ai|assistant|language model|chatbot)"
    r"|(?:dear |attention |note to )?(?:ai|assistant|language model|llm|chatgpt|gpt|claude|gemini)s?[,:]"
    r"|(?:if|when) you are an? (?:ai|llm|language model|assistant)|new instructions?:|system:)"
)
NEAR_CHARACTERS = 300
EXCERPT_CHARACTERS = 80  # before and behind an order, for reviewers
TAGS_START = 0xE0000


def hidden_text(raw: str) -> str:
    """Return the text in `raw` that no reader can see, or what it is made of; empty where there is none."""
    if raw.isascii():
        return ""
    without_flags = FLAG_SEQUENCE.sub("", raw) if "\U000e007f" in raw else raw
    if tags := TAGS.search(without_flags):
        return "".join(chr(ord(tag) - TAGS_START) for tag in tags[0])
    invisible = INVISIBLE.search(raw)
    return f"{len(invisible[0])} invisible characters" if invisible else ""


def direct_order(raw: str) -> str:
    """Return where an instruction to the assistant tries to undo the ones it has; empty where it does not."""
    text = _readable(raw)
    return next((_around(text, start, end) for start, end in _found(ORDERS, ORDERS_BEGIN, text)), "")


def indirect_order(raw: str) -> str:
    """Return where a text for the assistant to read gives orders to it, or wants what it reads sent somewhere.

    Empty where it does neither.
    """
    text = _readable(raw)
    for pattern, begin in ((ORDERS, ORDERS_BEGIN), (EXFILTRATION, EXFILTRATION_BEGINS)):
        for start, end in _found(pattern, begin, text):
            if ADDRESSED.search(text, max(0, start - NEAR_CHARACTERS), end + NEAR_CHARACTERS):
                return _around(text, start, end)
    return ""


def _around(text: str, start: int, end: int) -> str:
    return text[max(0, start - EXCERPT_CHARACTERS) : end + EXCERPT_CHARACTERS]


def _found(pattern: re.Pattern[str], begin: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    """Yield where `pattern` is in `text`: wherever one of `begin` stands, it is looked at."""
    for word in begin:
        at = text.find(word)
        while at >= 0:
            if found := pattern.match(text, at):
                yield found.span()
            at = text.find(word, at + 1)


def _readable(raw: str) -> str:
    """Return `raw` as a reader sees it, in small letters and on one line."""
    return " ".join(fold_text(raw).lower().split())
