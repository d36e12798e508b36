"""What is looked for in answers, and of it in requests: the built-in shapes and the terms that are set."""

from functools import lru_cache

from django.conf import settings

from apps.moderation.contact_shapes import EMAILS, PHONES
from apps.moderation.number_shapes import ACCOUNTS, CARDS
from apps.moderation.redaction import Lookout
from apps.moderation.secret_shapes import PRIVATE_KEYS, SECRETS
from apps.moderation.terms import term_detectors

SHAPES = {
    "secret": (SECRETS, PRIVATE_KEYS),
    "card": (CARDS,),
    "account": (ACCOUNTS,),
    "email": (EMAILS,),
    "phone": (PHONES,),
}


def lookout() -> Lookout:
    """Return what is cut out of answers here."""
    return _lookout(
        frozenset(settings.MODERATION_REDACT),
        tuple(settings.MODERATION_CUT_TERMS),
        tuple(settings.MODERATION_BLOCKED_TERMS),
    )


def blocked_terms() -> Lookout:
    """Return what a request is refused for."""
    return _lookout(frozenset(), (), tuple(settings.MODERATION_BLOCKED_TERMS))


@lru_cache(maxsize=64)
def _lookout(kinds: frozenset[str], cut: tuple[str, ...], blocked: tuple[str, ...]) -> Lookout:
    shapes = [shape for kind in SHAPES if kind in kinds for shape in SHAPES[kind]]
    terms = {number: term for number, term in enumerate((*cut, *blocked), start=1) if term.strip()}
    actions = {number: "redact" if number <= len(cut) else "block" for number in terms}
    return Lookout([*shapes, *term_detectors(terms)], actions, decodes=bool(terms) or "secret" in kinds)
