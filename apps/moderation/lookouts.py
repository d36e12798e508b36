"""What is looked for in answers, and of it in requests: the built-in shapes and the terms that are set."""

from functools import lru_cache

from django.conf import settings

from apps.moderation.contact_shapes import EMAILS, PHONES
from apps.moderation.number_shapes import ACCOUNTS, CARDS
from apps.moderation.redaction import Lookout
from apps.moderation.rules import NO_RULES, RuleSet
from apps.moderation.secret_shapes import PRIVATE_KEYS, SECRETS
from apps.moderation.terms import pattern_detectors, term_detectors

SHAPES = {
    "secret": (SECRETS, PRIVATE_KEYS),
    "card": (CARDS,),
    "account": (ACCOUNTS,),
    "email": (EMAILS,),
    "phone": (PHONES,),
}


def lookout(known: RuleSet = NO_RULES, *, tier: str = "", language: str = "") -> Lookout:
    """Return what is cut out of answers to a person of `tier` in `language`, and what ends them."""
    return _lookout(
        frozenset(settings.MODERATION_REDACT),
        tuple(settings.MODERATION_CUT_TERMS),
        tuple(settings.MODERATION_BLOCKED_TERMS),
        known,
        "output",
        tier if known.names_tiers else "",
        language if known.names_languages else "",
    )


def input_lookout(known: RuleSet = NO_RULES, *, tier: str = "", language: str = "") -> Lookout | None:
    """Return what a request of a person of `tier` in `language` is looked at for; None where that is nothing."""
    if not known.rules and not settings.MODERATION_BLOCKED_TERMS:
        return None
    return _lookout(
        frozenset(),
        (),
        tuple(settings.MODERATION_BLOCKED_TERMS),
        known,
        "input",
        tier if known.names_tiers else "",
        language if known.names_languages else "",
    )


@lru_cache(maxsize=64)
def _lookout(
    kinds: frozenset[str],
    cut: tuple[str, ...],
    blocked: tuple[str, ...],
    known: RuleSet,
    direction: str,
    tier: str,
    language: str,
) -> Lookout:
    shapes = [shape for kind in SHAPES if kind in kinds for shape in SHAPES[kind]]
    rules = known.chosen(direction, tier=tier, language=language)
    # Terms of the settings have numbers below zero, beside the rules' own.
    named = {-number: term for number, term in enumerate((*cut, *blocked), start=1) if term.strip()}
    actions = {number: "redact" if -number <= len(cut) else "block" for number in named}
    terms = named | {rule.id: rule.content for rule in rules if rule.kind == "term"}
    patterns = {rule.id: rule.content for rule in rules if rule.kind == "pattern"}
    actions |= {rule.id: rule.action for rule in rules}
    return Lookout(
        [*shapes, *term_detectors(terms), *pattern_detectors(patterns)],
        actions,
        decodes=bool(terms or patterns) or "secret" in kinds,
    )
