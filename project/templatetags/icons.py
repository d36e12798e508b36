"""`{% icon "name" %}`: one icon of the sprite that the front-end build makes from `frontend/icons.json`."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return a decorative icon: the words beside it, or an `aria-label`, name what it does."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("icons.svg"), name)
