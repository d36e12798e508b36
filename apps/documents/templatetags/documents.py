"""How documents and people are shown in lists."""

import re
from collections.abc import Iterable

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from apps.accounts.models import User

register = template.Library()


@register.filter
def marked(shown: object, words: list[str]) -> SafeString:
    """Return `shown` escaped, with every occurrence of one of `words` in `<mark>`."""
    text = str(shown)
    if not words:
        return conditional_escape(text)
    pattern = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    marked_text, end = SafeString(""), 0
    for found in pattern.finditer(text):
        marked_text += conditional_escape(text[end : found.start()]) + format_html("<mark>{}</mark>", found.group())
        end = found.end()
    return mark_safe(marked_text + conditional_escape(text[end:]))  # noqa: S308  (all parts are escaped above)


@register.filter
def names(people: Iterable[User]) -> str:
    return ", ".join(person.display_name for person in people)
