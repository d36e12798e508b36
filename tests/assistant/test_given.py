"""A number or an address that readers have anyway is told from one that only looks like it."""

import pytest

from apps.assistant.given import stands_in
from apps.moderation.folding import fold_text

CARD = "4242 4242 4242 4242"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (CARD, "charge 4242424242424242, today"),
        (CARD, "4242-4242-4242-4242"),
        ("4242424242424242", CARD),
        (CARD, "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in CARD)),
        ("DE89 3704 0044 0532 0130 00", "to de89370400440532013000."),
        ("(415) 555-0132", "call 415.555.0132"),
        ("Anne.Marie@Example.org", "<anne.marie@example.org>"),
    ],
)
def test_it_stands_there_in_any_form(found: str, text: str) -> None:
    assert stands_in(found, fold_text(text).lower())


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (CARD, "4242 4242 4242 42421"),
        (CARD, "4242 4242, page 4242, and 4242"),
        (CARD, "4242\n\n\n4242 4242 4242"),
        ("marie@example.org", "anne-marie@example.org.uk and marie at example.org"),
        ("ann@example.org", "joann@example.org"),
        ("", "anything"),
    ],
)
def test_it_does_not_stand_there(found: str, text: str) -> None:
    assert not stands_in(found, fold_text(text).lower())
