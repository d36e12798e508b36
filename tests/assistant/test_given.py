"""A number or an address that readers have anyway is told from one that only looks like it."""

import base64

import pytest

from apps.assistant.given import Given, stands_in
from apps.assistant.messages import GenerationInput
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


SECRET_PLAN = "The old bridge over the river closes on Monday, and nobody in the village knows of it yet."


@pytest.fixture
def given() -> Given:
    request = GenerationInput(selection=SECRET_PLAN, text_before="See https://example.org/a/very/long/path/indeed?x=1")
    return Given(request)


@pytest.mark.parametrize(
    "data",
    [
        "?d=the+old+bridge+over+the+river",
        "?d=The%20old%20bridge%20over%20the%20river%20closes",
        "#nobody-in-the-village-knows-of-it",
        "/p/closes_on_monday_and_nobody/x.png",
        "/p?d=" + base64.urlsafe_b64encode(SECRET_PLAN.encode()).decode(),
        "?d=" + SECRET_PLAN.encode().hex(),
    ],
)
def test_an_address_that_takes_the_text_along_is_told(given: Given, data: str) -> None:
    assert given.carries(data)


@pytest.mark.parametrize(
    "data",
    [
        "/a/very/long/path/indeed?x=1",
        "/wiki/Heron#Distribution_and_habitat?oldid=1234567",
        "?utm_source=newsletter&utm_medium=email&utm_campaign=spring",
        "/d/A1b2C3d4E5f6G7h8I9j0K1l2M3n4/edit?usp=sharing",
    ],
)
def test_any_other_address_stays(given: Given, data: str) -> None:
    assert not given.carries(data)
