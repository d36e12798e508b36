"""Card and account numbers, proved by their own check digits."""

import re

from apps.moderation.detection import OPEN, Detector, Match, Open

DIGITS = re.compile(r"\d(?:[ .\-]?\d){0,18}")
CARD_LENGTHS = (16, 15, 14, 13, 19, 18, 17)
# The issuers' ranges (ISO/IEC 7812) with the lengths they use.
NETWORKS: tuple[tuple[re.Pattern[str], frozenset[int]], ...] = (
    (re.compile(r"4"), frozenset((13, 16, 19))),
    (re.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), frozenset((16,))),
    (re.compile(r"3[47]"), frozenset((15,))),
    (re.compile(r"30[0-5]|3[689]"), frozenset((14, 16))),
    (re.compile(r"6011|64[4-9]|65|62"), frozenset((16, 17, 18, 19))),
    (re.compile(r"35(?:2[89]|[3-8])"), frozenset((16, 17, 18, 19))),
    (re.compile(r"5018|5020|5038|6304|6759|676[1-3]"), frozenset((13, 14, 15, 16, 17, 18, 19))),
)

# Lengths by country: the IBAN registry of SWIFT.
IBAN_LENGTHS = {
    **{"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28},
    **{"CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18},
    **{"FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22},
    **{"IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20},
    **{"LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18},
    **{"NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24},
    **{"SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24},
    "XK": 20,
}
IBAN_RUN = re.compile(r"[A-Za-z]{2}(?:\d(?:\d(?:[ \-]?[A-Za-z0-9]){0,30}[ \-]?)?)?")


def luhn(digits: str) -> bool:
    """Say whether the last of `digits` proves the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit)
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """Say whether `digits` are a card's: an issuer's range and length, and the check digit right."""
    length = len(digits)
    return any(length in lengths and begin.match(digits) for begin, lengths in NETWORKS) and luhn(digits)


def _look_for_card(text: str, at: int, final: bool) -> Match | Open | None:
    run = DIGITS.match(text, at)
    if run is None or (at and text[at - 1].isdigit()):
        return None
    touches = not final and (run.end() == len(text) or (run.end() == len(text) - 1 and text[run.end()] in " .-"))
    places = [place for place in range(at, run.end()) if text[place].isdigit()]
    digits = "".join(text[place] for place in places)
    for length in CARD_LENGTHS:
        if len(places) < length:
            continue
        end = places[length - 1] + 1
        if end < len(text) and text[end].isdigit():
            continue
        if is_card(digits[:length]) and _is_grouped(text[at:end]):
            # Without an end, a further digit would make another number of it.
            return Match(end, "card") if end < len(text) or final or len(places) > length else OPEN
    return OPEN if touches and len(places) <= max(CARD_LENGTHS) and _is_grouped(run[0]) else None


def _is_grouped(run: str) -> bool:
    """Say whether the digits stand as people write a number: in one, in groups, or each for itself."""
    groups = re.split(r"[ .\-]", run)
    return all(len(group) >= 3 for group in groups[:-1]) or all(len(group) == 1 for group in groups)


def is_iban(number: str) -> bool:
    """Say whether `number` (upper case, no spaces) proves itself (ISO 13616, mod 97)."""
    if IBAN_LENGTHS.get(number[:2]) != len(number):
        return False
    moved = number[4:] + number[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def _look_for_iban(text: str, at: int, final: bool) -> Match | Open | None:
    if len(text) - at == 1:
        return None if final else OPEN
    length = IBAN_LENGTHS.get(text[at : at + 2].upper())
    run = IBAN_RUN.match(text, at) if length else None
    if run is None or length is None:
        return None
    places = [place for place in range(at, run.end()) if text[place].isalnum()]
    if len(places) >= length:
        number = "".join(text[place] for place in places[:length]).upper()
        return Match(places[length - 1] + 1, "account") if is_iban(number) else None
    return OPEN if run.end() == len(text) and not final else None


CARDS = Detector("card", "23456", _look_for_card)
_countries = {code[0] for code in IBAN_LENGTHS}
ACCOUNTS = Detector("account", "".join(sorted(one + one.lower() for one in _countries)), _look_for_iban)
