"""The record as a page: the document with `ai-disclosure` attributes on what the assistant wrote.

After "AI Content Disclosure for HTML", Draft Community Group Report, 21 September 2026
(https://w3c-cg.github.io/ai-content-disclosure/): `ai-assisted` is text that a person reviewed, and only a decision on
record says so; any other assisted text is `ai-autonomous`. Where nothing is declared, nothing is asserted.
"""

from collections.abc import Iterator

from django.utils.html import escape, format_html

from apps.assistant.provenance import Provenance, Source, origin_of, percent
from apps.collaboration.content.html import closing, opening, text_html
from apps.collaboration.reading import Close, Open, Run

TOP_LEVEL = 2  # of headings: the title is the first

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
                yield opening(part, top_level=TOP_LEVEL)
            case Close():
                yield closing(part, top_level=TOP_LEVEL)


def _run(run: Run, record: Provenance) -> str:
    html = text_html(run)
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
