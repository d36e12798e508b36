"""E-mail addresses and telephone numbers; looked for only where a policy says so."""

import re
import string

import regex

from apps.moderation.detection import Detector, Match, Open

LOCAL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}")
DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}")
DOMAIN_RUN = re.compile(r"[A-Za-z0-9.\-]{0,253}")
PHONE_RUN = re.compile(r"[+(]?\(?\d(?:[ ()./\-]{0,2}\d){0,15}")
PHONE_REST = re.compile(r"[ ()./\-]{0,2}")
# With a country's code; or in the forms of North America; or with a trunk 0, an area and a number.
PHONE = regex.compile(
    r"(?:\+|00)[ (]?[1-9](?:[ ()./\-]{0,2}\d){7,13}"
    r"|(?:\(\d{3}\) ?|\d{3}[.\-])\d{3}[ .\-]\d{4}"
    r"|\(?0\d{1,4}\)?[ /\-]{1,2}\d{2,}(?:[ \-]?\d){3,8}"
)
PHONE_MAX_DIGITS = 15  # ITU-T E.164


def _look_for_email(text: str, at: int, final: bool) -> Match | Open | None:
    local = LOCAL.match(text, at)
    if local is None or (at and text[at - 1] in "._%+-"):
        return None
    if local.end() == len(text):
        return None if final else Open(at)
    if text[local.end()] != "@":
        return None
    run = DOMAIN_RUN.match(text, local.end() + 1)
    assert run is not None
    if run.end() == len(text) and not final:
        return Open(at)
    domain = DOMAIN.match(text, local.end() + 1)
    return Match(domain.end(), "email") if domain else None


def _look_for_phone(text: str, at: int, final: bool) -> Match | Open | None:
    run = PHONE_RUN.match(text, at)
    if run is None:
        return Open(at) if not final and text[at:] in ("+", "(") else None
    if at and (text[at - 1].isalnum() or text[at - 1] in ".-/"):
        return None
    rest = PHONE_REST.match(text, run.end())
    assert rest is not None
    digits = sum(character.isdigit() for character in run[0])
    if not final and rest.end() == len(text) and digits <= PHONE_MAX_DIGITS:
        return Open(at) if PHONE.match(text, at, partial=True) else None
    found = PHONE.match(text, at)
    if found is None or text[found.end() : found.end() + 1].isalnum():
        return None
    behind = PHONE_REST.match(text, found.end())
    assert behind is not None
    return Open(at) if behind.end() == len(text) and not final else Match(found.end(), "phone")


EMAILS = Detector("email", string.ascii_letters + string.digits, _look_for_email)
PHONES = Detector("phone", "+(" + string.digits, _look_for_phone)
