"""Card and account numbers, proved by their own check digits.

The head of a card is its first six digits, which say who issued it (PCI DSS 4.0, 3.4.1), that of an account its country
and check digits. They are shown only in what is encoded, see Lookout.
"""

import re

import regex

from apps.moderation.detection import Detector, Match, Open

DIGITS = re.compile(r"\d(?:[ .\-]?\d){0,18}")
CARD_SHOWN_DIGITS = 6
GROUP_MIN_DIGITS = 3  # of a card written in groups; its last may have fewer
IBAN_SHOWN_SIGNS = 4
CARD_LENGTHS = (16, 15, 14, 13, 19, 18, 17)
# The issuers' ranges (ISO/IEC 7812) with the lengths they use.
NETWORKS: tuple[tuple[regex.Pattern[str], frozenset[int]], ...] = (
    (regex.compile(r"4"), frozenset((13, 16, 19))),
    (regex.compile(r"5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)"), frozenset((16,))),
    (regex.compile(r"3[47]"), frozenset((15,))),
    (regex.compile(r"30[0-5]|3[689]"), frozenset((14, 16))),
    (regex.compile(r"6011|64[4-9]|65|62"), frozenset((16, 17, 18, 19))),
    (regex.compile(r"35(?:2[89]|[3-8])"), frozenset((16, 17, 18, 19))),
    (regex.compile(r"5018|5020|5038|6304|6759|676[1-3]"), frozenset((13, 14, 15, 16, 17, 18, 19))),
)

# Behind a country's letters and the two check digits, by country: n digits, a letters, c either (the IBAN registry of
# SWIFT).
IBAN_FORMS = {
    **{"AD": "8n12c", "AE": "19n", "AL": "8n16c", "AT": "16n", "AZ": "4a20c", "BA": "16n", "BE": "12n", "BG": "4a6n8c"},
    **{"BH": "4a14c", "BR": "8c15n2c", "BY": "4c4n16c", "CH": "5n12c", "CR": "18n", "CY": "8n16c", "CZ": "20n"},
    **{"DE": "18n", "DK": "14n", "DO": "4c20n", "EE": "16n", "EG": "25n", "ES": "20n", "FI": "14n", "FO": "14n"},
    **{"FR": "10n11c2n", "GB": "4a14n", "GE": "2a16n", "GI": "4a15c", "GL": "14n", "GR": "7n16c", "GT": "4c20c"},
    **{"HR": "17n", "HU": "24n", "IE": "4a14n", "IL": "19n", "IQ": "4a15n", "IS": "22n", "IT": "1a10n12c"},
    **{"JO": "4a4n18c", "KW": "4a22c", "KZ": "3n13c", "LB": "4n20c", "LC": "4a24c", "LI": "5n12c", "LT": "16n"},
    **{"LU": "3n13c", "LV": "4a13c", "LY": "21n", "MC": "10n11c2n", "MD": "20c", "ME": "18n", "MK": "3n10c2n"},
    **{"MR": "23n", "MT": "4a5n18c", "MU": "4a19n3a", "NL": "4a10n", "NO": "11n", "PK": "4a16c", "PL": "24n"},
    **{"PS": "4a21c", "PT": "21n", "QA": "4a21c", "RO": "4a16c", "RS": "18n", "SA": "2n18c", "SC": "4a20n3a"},
    **{"SE": "20n", "SI": "15n", "SK": "20n", "SM": "1a10n12c", "ST": "21n", "SV": "4a20n", "TL": "19n", "TN": "20n"},
    **{"TR": "6n16c", "UA": "6n19c", "VA": "18n", "VG": "4a16n", "XK": "16n"},
}
_parts = {country: re.findall(r"(\d+)([nac])", form) for country, form in IBAN_FORMS.items()}
_kinds = {country: "aann" + "".join(kind * int(count) for count, kind in parts) for country, parts in _parts.items()}
IBAN_LENGTHS = {country: len(kinds) for country, kinds in _kinds.items()}
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
    shown = places[CARD_SHOWN_DIGITS] if len(places) > CARD_SHOWN_DIGITS else len(text)
    if touches and _may_be_card(digits) and _is_grouped(run[0]):
        return Open(shown)  # a further digit would make another number of it
    for length in CARD_LENGTHS:
        if len(places) < length:
            continue
        end = places[length - 1] + 1
        if end < len(text) and text[end].isdigit():
            continue
        if is_card(digits[:length]) and _is_grouped(text[at:end]):
            return Match(end, "card", shown=shown)
    return None


def _may_be_card(digits: str) -> bool:
    """Say whether `digits` may be a card's, or the first of one's."""
    return any(len(digits) <= max(lengths) and begin.match(digits, partial=True) for begin, lengths in NETWORKS)


def _is_grouped(run: str) -> bool:
    """Say whether the digits stand as people write a number: in one, in groups, or each for itself."""
    *sizes, last = map(len, re.split(r"[ .\-]", run))
    return all(size >= GROUP_MIN_DIGITS for size in sizes) or {*sizes, last} == {1}


def is_iban(number: str) -> bool:
    """Say whether `number` (upper case, no spaces) proves itself (ISO 13616, mod 97)."""
    if IBAN_LENGTHS.get(number[:2]) != len(number):
        return False
    moved = number[4:] + number[:4]
    return int("".join(str(int(character, 36)) for character in moved)) % 97 == 1


def _is_formed(number: str) -> bool:
    """Say whether `number`, as far as it goes, has letters and digits where its country's accounts have them."""
    signs = zip(number, _kinds[number[:2]], strict=False)
    return all(kind == "c" or sign.isdigit() == (kind == "n") for sign, kind in signs)


def _look_for_iban(text: str, at: int, final: bool) -> Match | Open | None:
    if len(text) - at == 1:
        return None if final else Open(len(text))
    length = IBAN_LENGTHS.get(text[at : at + 2].upper())
    run = IBAN_RUN.match(text, at) if length else None
    if run is None or length is None:
        return None
    places = [place for place in range(at, run.end()) if text[place].isalnum()]
    number = "".join(text[place] for place in places[:length]).upper()
    if not _is_formed(number):
        return None
    shown = places[IBAN_SHOWN_SIGNS] if len(places) > IBAN_SHOWN_SIGNS else len(text)
    if len(places) >= length:
        return Match(places[length - 1] + 1, "account", shown=shown) if is_iban(number) else None
    return Open(shown) if run.end() == len(text) and not final else None


CARDS = Detector("card", "23456", _look_for_card)
_countries = {code[0] for code in IBAN_LENGTHS}
ACCOUNTS = Detector("account", "".join(sorted(one + one.lower() for one in _countries)), _look_for_iban)
