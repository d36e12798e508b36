"""`{% vite "page" %}`: the tags that load one entry of the Vite build."""

import json
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@lru_cache(maxsize=2)
def _manifest(_modified_ns: int) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(settings.VITE_MANIFEST.read_text())
    return loaded


def _walk(manifest: dict[str, Any], name: str, seen: dict[str, dict[str, Any]]) -> None:
    if name not in seen:
        seen[name] = manifest[name]
        for imported in manifest[name].get("imports", []):
            _walk(manifest, imported, seen)


@register.simple_tag
def vite(entry: str) -> SafeString:
    """Return stylesheet, preload and module tags of `frontend/src/<entry>/main.ts`."""
    name = f"src/{entry}/main.ts"
    manifest = _manifest(settings.VITE_MANIFEST.stat().st_mtime_ns)
    chunks: dict[str, dict[str, Any]] = {}
    _walk(manifest, name, chunks)
    styles = list(dict.fromkeys(css for chunk in reversed(chunks.values()) for css in chunk.get("css", [])))
    preloads = [chunk["file"] for key, chunk in chunks.items() if key != name]
    return (
        format_html_join("", '<link rel="stylesheet" href="{}">', ((static("dist/" + css),) for css in styles))
        + format_html_join("", '<link rel="modulepreload" href="{}">', ((static("dist/" + p),) for p in preloads))
        + format_html('<script type="module" src="{}"></script>', static("dist/" + chunks[name]["file"]))
    )
