"""What is looked for in answers, and of it in requests: the built-in shapes and the terms that are set."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from django.conf import settings

from apps.moderation.contact_shapes import EMAILS, PHONES
from apps.moderation.detection import Match
from apps.moderation.number_shapes import ACCOUNTS, CARDS
from apps.moderation.redaction import LINK, Lookout
from apps.moderation.rules import NO_RULES, KnownRule, RuleSet
from apps.moderation.secret_shapes import PRIVATE_KEYS, SECRETS
from apps.moderation.sieve import Sieve
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
        tier if known.names_tiers else "",
        language if known.names_languages else "",
    )


def input_lookout(known: RuleSet = NO_RULES, *, tier: str = "", language: str = "") -> Lookout | None:
    """Return what a request of a person of `tier` in `language` is looked at for; None where that is nothing."""
    if not known.rules and not settings.MODERATION_BLOCKED_TERMS:
        return None
    return _sieved(
        tuple(settings.MODERATION_BLOCKED_TERMS),
        known,
        tier if known.names_tiers else "",
        language if known.names_languages else "",
    )


class Sieved(Lookout):
    """Looks in whole texts for terms and patterns, of which there may be many: only for those that can be there."""

    def __init__(self, terms: Mapping[int, str], patterns: Mapping[int, str], actions: dict[int, str]) -> None:
        super().__init__([], actions, decodes=False)
        self._terms = terms
        self._patterns = patterns
        self._sieve = Sieve(terms, patterns)
        self._some = lru_cache(maxsize=64)(self._lookout_for)

    def matches(self, raw: str) -> list[tuple[int, int, Match]]:
        possible = self._sieve.possible(raw)
        return self._some(possible).matches(raw) if possible else []

    def _lookout_for(self, some: frozenset[int]) -> Lookout:
        terms = {rule: term for rule, term in self._terms.items() if rule in some}
        patterns = {rule: pattern for rule, pattern in self._patterns.items() if rule in some}
        return Lookout([*term_detectors(terms), *pattern_detectors(patterns)], self.actions, decodes=True)


@lru_cache(maxsize=64)
def _sieved(blocked: tuple[str, ...], known: RuleSet, tier: str, language: str) -> Sieved:
    chosen = known.chosen("input", tier=tier, language=language)
    terms, patterns, actions = _looked_for((), blocked, chosen)
    return Sieved(terms, patterns, actions)


@lru_cache(maxsize=64)
def _lookout(
    kinds: frozenset[str],
    cut: tuple[str, ...],
    blocked: tuple[str, ...],
    known: RuleSet,
    tier: str,
    language: str,
) -> Lookout:
    shapes = [shape for kind in SHAPES if kind in kinds for shape in SHAPES[kind]]
    rules = known.chosen("output", tier=tier, language=language)
    terms, patterns, actions = _looked_for(cut, blocked, rules)
    return Lookout(
        [*shapes, *term_detectors(terms), *pattern_detectors(patterns)],
        actions,
        decodes=bool(terms or patterns) or "secret" in kinds,
        links=LINK in kinds,
    )


def _looked_for(
    cut: Sequence[str], blocked: Sequence[str], rules: Sequence[KnownRule]
) -> tuple[dict[int, str], dict[int, str], dict[int, str]]:
    """Return terms, patterns and what is to be done, by rule.

    Terms of the settings have numbers below zero, beside the rules' own.
    """
    named = {-number: term for number, term in enumerate((*cut, *blocked), start=1) if term.strip()}
    actions = {number: "redact" if -number <= len(cut) else "block" for number in named}
    terms = named | {rule.id: rule.content for rule in rules if rule.kind == "term"}
    patterns = {rule.id: rule.content for rule in rules if rule.kind == "pattern"}
    return terms, patterns, actions | {rule.id: rule.action for rule in rules}
