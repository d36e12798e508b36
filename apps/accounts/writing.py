"""Changes of what the writing tools respect: a person's, and (from above) a document's."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction

from apps.accounts.models import LANGUAGE_MAX_CHARACTERS, Writing
from apps.core.errors import Invalid, TooLarge

LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")

W = TypeVar("W", bound=Writing)


@dataclass(frozen=True)
class WritingChanges:
    """What is to change; None leaves as it is. Whole lists come first, then what is added, then what is removed."""

    words: list[str] | None = None
    ignored_rules: list[str] | None = None
    language: str | None = None
    style: str | None = None
    add_words: Iterable[str] = ()
    remove_words: Iterable[str] = ()
    add_ignored_rules: Iterable[str] = ()
    remove_ignored_rules: Iterable[str] = ()


def change_writing(model: type[W], changes: WritingChanges, **owner: Any) -> W:
    """Change the row of `owner`, under its lock, so that what two people add at once is added by both.

    Raises Invalid, TooLarge.
    """
    with transaction.atomic():
        model._default_manager.get_or_create(**owner)
        writing = model._default_manager.select_for_update().get(**owner)
        writing.words = _merged(writing.words, changes.words, changes.add_words, changes.remove_words)
        writing.ignored_rules = _merged(
            writing.ignored_rules, changes.ignored_rules, changes.add_ignored_rules, changes.remove_ignored_rules
        )
        if changes.language is not None:
            writing.language = changes.language.strip()
        if changes.style is not None:
            writing.style = changes.style.strip()
        _check(writing)
        writing.save()
    return writing


def _merged(kept: list[str], whole: list[str] | None, added: Iterable[str], removed: Iterable[str]) -> list[str]:
    entries = [" ".join(entry.replace("\0", "").split()) for entry in (*(kept if whole is None else whole), *added)]
    gone = {"", *(" ".join(entry.split()) for entry in removed)}
    return [entry for entry in dict.fromkeys(entries) if entry not in gone]


def _check(writing: Writing) -> None:
    if len(writing.words) > settings.WRITING_WORDS_MAX:
        raise TooLarge(f"words: a dictionary has room for {settings.WRITING_WORDS_MAX:,} words.")
    if len(writing.ignored_rules) > settings.WRITING_RULES_MAX:
        raise TooLarge(f"ignored_rules: no more than {settings.WRITING_RULES_MAX:,} rules.")
    if any(len(entry) > settings.WRITING_WORD_MAX_CHARACTERS for entry in (*writing.words, *writing.ignored_rules)):
        raise TooLarge(f"A word or rule has {settings.WRITING_WORD_MAX_CHARACTERS} characters at most.")
    if len(writing.style) > settings.WRITING_STYLE_MAX_CHARACTERS:
        raise TooLarge(f"style: no more than {settings.WRITING_STYLE_MAX_CHARACTERS:,} characters.")
    if writing.language and (
        len(writing.language) > LANGUAGE_MAX_CHARACTERS or not LANGUAGE_TAG.fullmatch(writing.language)
    ):
        raise Invalid("language: a language tag such as en-GB or de.")
