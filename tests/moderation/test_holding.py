"""Clean text is not held up: of what came before the last piece nothing waits, whether pieces are tokens or letters.

What waits longer goes on as a card's number, an account's or a key, of which nothing may be shown: nobody can tell it
from one yet. It is all that does.
"""

import inspect
import random
import re
from collections.abc import Iterator
from functools import cache
from http import cookiejar, server
from json import decoder
from xml.sax import saxutils

import pytest

from apps.llm.tokens import _encoding
from apps.moderation.folding import fold_text
from apps.moderation.lookouts import SHAPES
from apps.moderation.number_shapes import IBAN_LENGTHS, NETWORKS
from apps.moderation.reading import skeleton
from apps.moderation.redaction import Lookout, Redactor
from apps.moderation.secret_shapes import SHAPES as KEYS
from apps.moderation.terms import pattern_detectors, term_detectors
from tests.moderation.clean_text import corpora

SHIPPED = Lookout([shape for kind in ("secret", "card", "account") for shape in SHAPES[kind]], decodes=True)
TERMS = ("falcon", "project heron", "kill yourself", "проект цапля", "合同编号")
RULED = Lookout(
    [*SHIPPED.detectors, *term_detectors(dict(enumerate(TERMS, 1))), *pattern_detectors({100: r"\bcase-\d{2,6}\b"})],
    decodes=True,
)
CHARACTERS = 30_000  # of each corpus as tokens, and
LETTERS = 5_000  # in pieces of every size
SIZES = range(1, 13)
MANY_NUMBERS = {"numbers": 10, "identifiers": 10, "Russian": 15, "Chinese": 50}
NAMES = (
    "HTTPServer getElementById iPhone15Pro UTF-8 utf8 base64 sha256sum x86_64 OAuth2 PostgreSQL S3 EC2 README.md "
    "SCREAMING_SNAKE_CASE_2 B2B 3rd i18n ES2015 IE11 ISO8601 DE12 IT2024 v1.2.3-rc1 Qwen2.5-72B-Instruct a1b2c3d "
    "0x1F4A9 deadbeef #ff8800 scikit-learn McDonald LaTeX YouTube kubectl WebSocket userId "
    "d3f1a7b2-90c4-4e1a-8d57-0f6b3a2c9e41 3f2a9c1e7d5b8a604c1f XMLHttpRequest crypto.subtle.generateKey MAX_TOKENS "
    "docs/api/v2/getUserById https://example.org/Wiki/Page_42?ref=Abc123 data-testid=saveButton2 en_US.UTF-8 rfc2616 "
    "h264 mp3 GPT4 skill ghost"
)
CHINESE = (
    "今天的天气很好，我们去公园散步。2026年11月28日，气温22.5度，共有1,234,567人参加了第42届会议。"  # noqa: RUF001
    "价格为人民币5000元，iPhone 15的用户占98.6%，详见UTF-8编码的附件B2。"  # noqa: RUF001
)
RUSSIAN = (
    "Цапля ждёт там, где изгибается река, 12 марта 2024 года; цена 5 000 000 рублей, "
    "версия 2.5.1, ГОСТ Р 34.11-2012. "  # noqa: RUF001
    "Никто в деревне не помнит той зимы – даже старые люди, а iPhone и UTF-8 помнят. "  # noqa: RUF001
)


def numbers() -> str:
    """Return tables, dates, versions and prices, the same each time."""
    dice, lines = random.Random(3), []

    def some(least: int, most: int) -> int:
        return dice.randint(least, most)

    for _ in range(600):
        day = f"{some(1900, 2099)}-{some(1, 12):02}-{some(1, 28):02}"
        lines += [
            f"On {day} at {some(0, 23):02}:{some(0, 59):02}:30Z it was {dice.uniform(-180, 180):.6f}.",
            f"| {some(0, 99_999)} | {some(0, 10**9):,} | {dice.random():.12f} | {some(0, 100)}% |",
            f"Version {some(0, 40)}.{some(0, 40)}.{some(0, 400)} of {day.replace('-', '.')}.",
            f"It cost ${some(1, 10**8):,}.50 in {some(1990, 2030)}, or {dice.uniform(1, 9):.3f}e12.",
            f"{some(1, 12)}/{some(1, 28)}/{some(1999, 2030)}: {some(0, 999_999)} people.",
            f"Room {dice.choice('ABCDE')}{some(1, 400)}, pp. {some(1, 900)}-{some(1, 900)}.",
            " ".join(str(some(0, 9_999)) for _ in range(3)),
        ]
    return "\n".join(lines)


@cache
def texts() -> dict[str, str]:
    dice = random.Random(3)
    written = {name: "\n\n".join(passages[:2_000]) for name, passages in corpora().items()}
    return written | {
        "code": "\n".join(map(inspect.getsource, (server, cookiejar, decoder, saxutils))),
        "numbers": numbers(),
        "identifiers": " ".join(dice.choices(NAMES.split(), k=3_000)),
        "Chinese": CHINESE * 100,
        "Russian": RUSSIAN * 100,
    }


def tokens(text: str) -> Iterator[str]:
    """Yield `text` as a model sends it: its tokens, but no half of a letter."""
    encoding, data = _encoding(), b""
    assert encoding is not None
    for token in encoding.encode_ordinary(text):
        data += encoding.decode_single_token_bytes(token)
        try:
            yield data.decode()
        except UnicodeDecodeError:
            continue
        data = b""


def waiting(chunks: Iterator[str], lookout: Lookout) -> list[str]:
    """Return what waits although another piece has come."""
    redactor, came, passed, found = Redactor(lookout), "", 0, []
    for chunk in chunks:
        before = len(came)
        came += chunk
        passed += len(redactor.feed(chunk))
        if passed < before:
            found.append(came[passed:])
    assert redactor.findings == []
    return found


def cut(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


NUMBER = re.compile(r"(?:\d{3,}[ .\-])*\d+[ .\-]?|(?:\d[ .\-])+\d?")
ACCOUNT = re.compile(r"([A-Za-z]{2})(?:\d[ \-]?)?(?:\d[ \-]?)?(?:[A-Za-z0-9][ \-]?)*")


def is_like_card(held: str) -> bool:
    """Say whether what waits begins as an issuer's numbers do and is written as a card's."""
    number = re.sub(r"\D", "", held)
    begins = any(issuer.match(number, partial=True) for issuer, _ in NETWORKS)
    return begins and NUMBER.fullmatch(held) is not None


def is_like_account(held: str) -> bool:
    """Say whether what waits is a country's letters, and digits behind them."""
    account = ACCOUNT.fullmatch(held)
    return account is not None and account[1].upper() in IBAN_LENGTHS


def is_begin_of_key(held: str) -> bool:
    """Say whether what waits is a key's prefix, the begin of one, or what goes on behind one."""
    prefixes = [*(key.prefix for key in KEYS), "-----BEGIN "]
    return any(prefix.startswith(held) or held.startswith(prefix) for prefix in prefixes)


def is_like_one(held: str) -> bool:
    text = fold_text(held)
    return is_like_card(text) or is_like_account(text) or is_begin_of_key(text)


def is_begin_of_rule(held: str) -> bool:
    return any(skeleton(one).startswith(skeleton(held)) for one in (*TERMS, "case"))


@pytest.mark.parametrize("corpus", texts())
def test_no_token_of_clean_text_waits_for_more_than_the_next(corpus: str) -> None:
    """What is like a number or a key does: of rows of numbers and identifiers one token in 10, of prose one in 120."""
    chunks = list(tokens(texts()[corpus][:CHARACTERS]))
    held = waiting(iter(chunks), SHIPPED)
    assert len(chunks) > 3_000
    assert [one for one in held if not is_like_one(one)] == []
    assert len(held) <= len(chunks) / MANY_NUMBERS.get(corpus, 120)


@pytest.mark.parametrize("corpus", texts())
def test_no_piece_of_clean_text_waits_for_more_than_the_next(corpus: str) -> None:
    for size in SIZES:
        held = waiting(cut(texts()[corpus][:LETTERS], size), SHIPPED)
        assert [one for one in held if not is_like_one(one)] == [], size


@pytest.mark.parametrize("corpus", texts())
def test_beside_rules_only_the_beginning_of_a_term_waits(corpus: str) -> None:
    """Nothing of a term may be shown, so what may become one has no head."""
    held = waiting(tokens(texts()[corpus][:CHARACTERS]), RULED)
    assert [one for one in held if not is_begin_of_rule(one) and not is_like_one(one)] == []


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("Call 4155550132 today", "4155550132 "),
        ("4141592653589 tons", "4141592653589 "),
        ("The sk-learn tool", "sk-learn"),
        ("npm_config takes", "npm_config"),
        ("DE12 3456 789 tons", "DE12 3456 789 "),
    ],
)
def test_what_may_be_a_number_or_a_key_waits_until_it_is_none(text: str, waits: str) -> None:
    assert max(waiting(cut(text, 1), SHIPPED), key=len) == waits
    redactor = Redactor(SHIPPED)
    assert "".join(map(redactor.feed, text)) + redactor.close() == text
