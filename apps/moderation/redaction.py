"""Cuts out of a text, while it is being written, what may not be shown. Holds back only what may yet become it.

What is found in an encoded word may have a head that tells nothing secret: the six digits of who issued a card, the
country of an account, a key's prefix. Such beginnings stand in encoded words by chance, so there a head is always
shown, however the text comes in pieces, and nothing waits as long as there is only a head. In plain text all is hidden.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from apps.moderation.detection import Detector, Found, Match, Open, earlier, hidden_from
from apps.moderation.encoded import begin_of_word, next_encoded
from apps.moderation.folding import Folded, fold
from apps.moderation.links import LinkFilter
from apps.moderation.secret_shapes import cut_off
from apps.moderation.trails import Source

CONTEXT_CHARACTERS = 64  # of the text before, to see where words begin
HELD_MAX_CHARACTERS = 16_000  # above it, the invisible characters in between are dropped

PLACEHOLDERS = {
    "secret": "[key removed]",
    "encoded": "[key removed]",
    "card": "[card number removed]",
    "account": "[account number removed]",
    "email": "[e-mail address removed]",
    "phone": "[phone number removed]",
}
REMOVED = "[removed]"

LINK = "link"
FLAG = "flag"  # a rule's action that changes nothing
STOP = ("block", "quarantine")  # and those that end the text


@dataclass(frozen=True)
class Finding:
    """What was found. `action`: `redact`, or a rule's own. `source`, `score`: as in Verdict.

    `text` is for the verdict alone, which knows what may be kept of it: it is in no log.
    """

    kind: str
    action: str
    rule: int | None = None
    source: str = "shape"
    score: float | None = None
    text: str = field(default="", repr=False, compare=False)


def finding_of(match: Match, action: str, text: str) -> Finding:
    """Return the finding that `match` is; of what no rule found, a secret, nothing is kept."""
    if match.rule is None:
        return Finding(match.kind, action)
    return Finding(match.kind, action, match.rule, "rule", text=text)


class Lookout:
    """A set of detectors, compiled once and shared by every text it is used for.

    `actions`: what is to be done by rule; everything without a rule is cut out. `decodes`: whether the encoded is
    looked into. `links`: whether it is looked at what addresses carry away, which only a Redactor knows.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        actions: dict[int, str] | None = None,
        *,
        decodes: bool,
        links: bool = False,
    ) -> None:
        self.detectors = tuple(detectors)
        self.actions = actions or {}
        self.decodes = decodes
        self.links = links
        self._anywhere = tuple(one for one in detectors if not one.begins)
        firsts = {character for one in detectors for character in one.begins}
        self._by_first = {
            first: (*(one for one in detectors if first in one.begins), *self._anywhere) for first in firsts
        }
        self._begin = _beginning(firsts, anywhere=bool(self._anywhere))

    def next(self, text: str, start: int, final: bool) -> Found | None:
        """Return where in folded `text` the first thing is, or may be, at or behind `start`."""
        found = self._next_plain(text, start, final)
        if not self.decodes:
            return found
        return earlier(found, next_encoded(text, start, final, self._next_not_flagged))

    def _next_plain(self, text: str, start: int, final: bool, *, is_decoded: bool = False) -> Found | None:
        """Return what is first. Heads are shown only in what is encoded, in which many stand by chance."""
        if self._begin is None:
            return None
        found: Found | None = None
        at, end = start, len(text)
        while (begin := self._begin.search(text, at, end)) is not None:
            at = begin.start()
            for detector in self._by_first.get(text[at], self._anywhere):
                what = detector.look(text, at, final)
                if what is not None:
                    if not is_decoded:
                        what = replace(what, shown=at)
                    found = earlier(found, (at, what))
                    assert found is not None
                    end = hidden_from(found)  # what begins behind it is hidden with it
                    if end <= at:
                        return found
            at += 1
        return found

    def _next_not_flagged(self, text: str, start: int, final: bool) -> Found | None:
        at = start
        while (found := self._next_plain(text, at, final, is_decoded=True)) is not None:
            if isinstance(found[1], Open) or self.action(found[1]) != FLAG:
                return found
            at = max(found[1].end, found[0] + 1)
        return None

    def matches(self, raw: str) -> list[tuple[int, int, Match]]:
        """Return everything in a whole text, as positions in `raw`."""
        folded, at, found = fold(raw), 0, []
        while (one := self.next(folded.text, at, True)) is not None:
            assert isinstance(one[1], Match)
            found.append((folded.raw_start(one[0]), folded.raw_end(one[1].end), one[1]))
            at = max(one[1].end, one[0] + 1)
        return found

    def action(self, match: Match) -> str:
        return "redact" if match.rule is None else self.actions.get(match.rule, "redact")


def _beginning(firsts: set[str], *, anywhere: bool) -> re.Pattern[str] | None:
    """Return where something may begin: at a word's first letter, a number's first digit, or any other sign."""
    if anywhere:
        return re.compile(r"[^\s]")
    if not firsts:
        return None
    letters = "".join(re.escape(one) for one in sorted(firsts) if one.isalpha() and one.isascii())
    digits = "".join(one for one in sorted(firsts) if one.isdigit())
    others = "".join(re.escape(one) for one in sorted(firsts) if not (one.isascii() and one.isalnum()))
    parts = [
        rf"(?<![A-Za-z0-9])[{letters}]" if letters else "",
        rf"(?<!\d)[{digits}]" if digits else "",
        f"[{others}]" if others else "",
    ]
    return re.compile("|".join(part for part in parts if part))


Says = Callable[[str], bool]


def _no(_: str) -> bool:
    return False


class Redactor:
    """Takes one text in pieces of any size and gives what may be shown.

    `before`: what the text follows. `is_given`: says of a number or an address that its readers have it anyway; it is
    left as it is. `source`: what was read, and may not be carried away in an address.
    `findings`: what was found so far; `stopped`: the last of them, where the text must end there.
    """

    def __init__(
        self, lookout: Lookout, *, before: str = "", is_given: Says = _no, source: Source | None = None
    ) -> None:
        self._links = LinkFilter(source, before=before) if lookout.links and source is not None else None
        self._lookout = lookout
        self._is_given = is_given
        self._context = before[-CONTEXT_CHARACTERS:]
        self._held = ""
        self._undecided = 0  # characters that were passed on, and may be the head of something
        self._swallowed: re.Pattern[str] | None = None
        self.findings: list[Finding] = []
        self.stopped: Finding | None = None

    @property
    def holds(self) -> bool:
        return bool(self._held) or (self._links is not None and self._links.holds)

    def feed(self, text: str) -> str:
        """Return what can be passed on."""
        return self._take(self._linked(text), final=False)

    def close(self, *, cut: bool = False) -> str:
        """Return what is left: no more comes. `cut`: the text was cut off, perhaps in the middle of a key."""
        return self._take(self._links.close() if self._links is not None else "", final=True, cut=cut)

    def _linked(self, text: str) -> str:
        """Return `text` without what its addresses carry away."""
        if self._links is None or self.stopped is not None:
            return text
        passed = self._links.feed(text)
        self.findings += [Finding(LINK, "redact")] * self._links.cut
        self._links.cut = 0
        return passed

    def _take(self, text: str, *, final: bool, cut: bool = False) -> str:
        if self.stopped is not None:
            return ""
        before = len(self._context)
        folded = fold(self._context + self._held + text)
        at = folded.folded(before - self._undecided)
        self._held, self._undecided = "", 0
        passed = "".join(self._passed(folded, at, before, final=final, cut=cut))
        self._keep(folded)
        self._held = _shortened(self._held)
        return passed

    def _keep(self, folded: Folded) -> None:
        """Remember of the text up to what is held what is needed to see where words and heads begin."""
        end = len(folded.raw) - len(self._held)
        at = end - self._undecided
        first = max(at - CONTEXT_CHARACTERS, 0)
        if self._lookout.decodes:
            word = folded.raw_start(begin_of_word(folded.text, folded.folded(at)))
            first = max(min(first, word), at - HELD_MAX_CHARACTERS)
        undecided = _shortened(folded.raw[at:end])
        self._context = folded.raw[first:at] + undecided
        self._undecided = len(undecided)

    def _passed(self, folded: Folded, at: int, sent: int, *, final: bool, cut: bool) -> list[str]:
        """Return the pieces to pass on of `folded.raw` from `sent` on, `at` in folded text; the rest is held."""
        raw = folded.raw
        parts: list[str] = []
        at, sent = self._swallow(folded, at, sent)
        while (found := self._lookout.next(folded.text, at, final)) is not None:
            start, what = found
            begin = max(sent, folded.raw_start(hidden_from(found)))
            if isinstance(what, Open):
                self._held = raw[begin:]
                self._undecided = max(begin - folded.raw_start(start), 0)
                return [*parts, raw[sent:begin]]
            whole, end = folded.raw_start(start), folded.raw_end(what.end)
            at = max(what.end, start + 1)
            action = self._lookout.action(what)
            if action == "redact" and self._may_stay(what, raw[whole:end]):
                continue
            self.findings.append(finding_of(what, action, raw[whole:end]))
            if action == FLAG:
                continue
            parts.append(raw[sent:begin])
            if action in STOP:
                self.stopped = self.findings[-1]
                return parts
            parts.append(PLACEHOLDERS.get(what.kind, REMOVED))
            self._swallowed = what.goes_on
            at, sent = self._swallow(folded, at, end)
        rest = self._cut_off(folded, sent) if cut else None
        if rest is not None:
            self.findings.append(Finding("secret", "redact"))
            return [*parts, raw[sent:rest], PLACEHOLDERS["secret"]]
        return [*parts, raw[sent:]]

    def _may_stay(self, match: Match, found: str) -> bool:
        return match.kind in PERSONAL and self._is_given(found)

    def _swallow(self, folded: Folded, at: int, sent: int) -> tuple[int, int]:
        """Pass over what still belongs to what was cut out last, and the invisible behind it."""
        if self._swallowed is None:
            return at, sent
        rest = self._swallowed.match(folded.text, at)
        end = rest.end() if rest is not None else at
        if end < len(folded.text):
            self._swallowed = None
        return end, folded.raw_start(end)

    def _cut_off(self, folded: Folded, sent: int) -> int | None:
        """Return where in `raw` a key begins that the end of the text cuts off."""
        words = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]")
        start = max(folded.folded(sent), len(folded.text) - CONTEXT_CHARACTERS)
        for word in words.finditer(folded.text, start):
            if cut_off(folded.text, word.start()):
                return folded.raw_start(word.start())
        return None


PERSONAL = ("card", "account", "email", "phone")


def _shortened(held: str) -> str:
    return "".join(one for one in held if fold(one).text) if len(held) > HELD_MAX_CHARACTERS else held
