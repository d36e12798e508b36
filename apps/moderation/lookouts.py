"""What is looked for in answers: the built-in shapes that are set."""

from functools import lru_cache

from django.conf import settings

from apps.moderation.contact_shapes import EMAILS, PHONES
from apps.moderation.number_shapes import ACCOUNTS, CARDS
from apps.moderation.redaction import Lookout
from apps.moderation.secret_shapes import PRIVATE_KEYS, SECRETS

SHAPES = {
    "secret": (SECRETS, PRIVATE_KEYS),
    "card": (CARDS,),
    "account": (ACCOUNTS,),
    "email": (EMAILS,),
    "phone": (PHONES,),
}


def lookout() -> Lookout:
    """Return what is cut out of answers here."""
    return _lookout(frozenset(settings.MODERATION_REDACT))


@lru_cache(maxsize=64)
def _lookout(kinds: frozenset[str]) -> Lookout:
    return Lookout([shape for kind in SHAPES if kind in kinds for shape in SHAPES[kind]], decodes="secret" in kinds)
