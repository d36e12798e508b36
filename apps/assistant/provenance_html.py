"""The record as a page: the document with `ai-disclosure` attributes on what the assistant wrote.

After "AI Content Disclosure for HTML", Draft Community Group Report, 21 September 2026
(https://w3c-cg.github.io/ai-content-disclosure/): `ai-assisted` is text that a person reviewed, and only a decision on
record says so; any other assisted text is `ai-autonomous`. Where nothing is declared, nothing is asserted.
"""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from django.utils.html import escape, format_html

from apps.assistant.provenance import Provenance, Source, origin_of, percent
from apps.collaboration.reading import Close, Open, Run

SAFE_SCHEMES = ("http", "https", "mailto")
IMAGE_PREFIXES = tuple(f"data:image/{kind};base64," for kind in ("png", "jpeg", "gif", "webp", "avif"))
HEADING_MAX = 3
BLOCKS = {
    "paragraph": "p",
    "blockquote": "blockquote",
    "bulletList": "ul",
    "orderedList": "ol",
    "listItem": "li",
    "taskList": "ul",
    "taskItem": "li",
    "table": "table",
    "tableRow": "tr",
    "tableHeader": "th",
    "tableCell": "td",
}
VOID = {"hardBreak": "<br>", "horizontalRule": "<hr>"}
MARKS = {"bold": "strong", "italic": "em", "underline": "u", "strike": "s", "code": "code"}

PAGE = """\
<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Interline">
<title>{title}</title>
</head>
<body>
<article>
<h1>{title}</h1>
{body}
</article>
<footer>
<h2>Where this text comes from</h2>
<p>As of {made_at}: {typed} % typed, {pasted} % pasted, {assisted} % assisted.</p>
<p>Text with the attribute ai-disclosure was written by the assistant. ai-assisted: a person accepted it, as listed
here. ai-autonomous: there is no record that anybody did. Nothing is asserted about text without the attribute.</p>
<table>
<thead><tr><th>Generation</th><th>Action</th><th>Model</th><th>Asked by</th><th>Accepted by</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</footer>
</body>
</html>
"""


def as_html(record: Provenance) -> str:
    """Return the whole page. Everything that people or models wrote is escaped."""
    shares = {origin: percent(count, record.total) for origin, count in record.characters.items()}
    return PAGE.format(
        title=escape(record.document.title or "Untitled"),
        body="".join(_body(record)),
        made_at=escape(record.made_at.strftime("%Y-%m-%d %H:%M UTC")),
        rows="\n".join(_row(source) for source in record.sources.values()),
        **shares,
    )


def _body(record: Provenance) -> Iterator[str]:
    for part in record.parts:
        match part:
            case Run():
                yield _run(part, record)
            case Open():
                yield _opening(part.tag, part.attributes)
            case Close():
                yield _closing(part.tag, part.attributes)


def _opening(tag: str, attributes: Mapping[str, Any]) -> str:
    if tag in VOID:
        return VOID[tag]
    if tag == "heading":
        return f"<h{_level(attributes)}>"
    if tag == "codeBlock":
        return "<pre><code>"
    if tag == "image":
        return _image(attributes)
    if tag == "taskItem":
        return "<li>" + ("☑ " if attributes.get("checked") in (True, "true") else "☐ ")
    return f"<{BLOCKS[tag]}>" if tag in BLOCKS else ""


def _closing(tag: str, attributes: Mapping[str, Any]) -> str:
    if tag == "heading":
        return f"</h{_level(attributes)}>\n"
    if tag == "codeBlock":
        return "</code></pre>\n"
    return f"</{BLOCKS[tag]}>\n" if tag in BLOCKS else ""


def _level(attributes: Mapping[str, Any]) -> int:
    """Return a heading's level below the title's; one that is no number is the first."""
    level = attributes.get("level")
    return 1 + min(max(int(level), 1), HEADING_MAX) if isinstance(level, int | float) and isfinite(level) else 2


def _image(attributes: Mapping[str, Any]) -> str:
    source, words = str(attributes.get("src") or ""), str(attributes.get("alt") or "")
    if not source.startswith(IMAGE_PREFIXES):
        return escape(words)
    return format_html('<img src="{}" alt="{}">', source, words)


def _run(run: Run, record: Provenance) -> str:
    html = str(escape(run.text))
    for mark, tag in MARKS.items():
        if mark in run.marks:
            html = f"<{tag}>{html}</{tag}>"
    link = run.marks.get("link")
    address = link.get("href") if isinstance(link, dict) else None
    if isinstance(address, str) and _is_safe(address):
        html = f'<a href="{escape(address)}" rel="noopener noreferrer nofollow">{html}</a>'
    origin, generation = origin_of(run)
    if origin == "pasted":
        return f'<span data-origin="pasted">{html}</span>'
    if origin == "assisted":
        return f"<span{_disclosure(record.sources.get(generation))}>{html}</span>"
    return html


def _disclosure(source: Source | None) -> str:
    if source is None:
        return ' ai-disclosure="ai-autonomous"'
    provider, _, model = source.model.partition("/")
    declared = f' ai-disclosure="ai-assisted" ai-model="{escape(model or source.model)}"'
    if model:
        declared += f' ai-provider="{escape(provider)}"'
    return f'{declared} data-generation="{source.id}"'


def _is_safe(address: str) -> bool:
    try:
        return urlsplit(address).scheme.lower() in SAFE_SCHEMES
    except ValueError:
        return False


def _row(source: Source) -> str:
    taken = "; ".join(
        f"{decision.user.display_name}, {decision.created_at:%Y-%m-%d %H:%M UTC}"
        + (" (edited)" if decision.decision == "edited" else "")
        for decision in source.taken
    )
    return str(
        format_html(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}, {}</td><td>{}</td></tr>",
            source.id,
            source.action,
            source.model,
            source.asked_by.display_name,
            f"{source.asked_at:%Y-%m-%d %H:%M UTC}",
            taken,
        )
    )
