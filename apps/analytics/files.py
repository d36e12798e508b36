"""Tables of figures as files to download; the audit trail says who took one."""

from django.http import StreamingHttpResponse

from apps.analytics.figures import Choice
from apps.analytics.tables import TABLES, csv_lines
from apps.core import deeds


def as_file(table: str, choice: Choice) -> StreamingHttpResponse:
    """Return one of TABLES as CSV, line by line."""
    deeds.tell("analytics.exported", table=table, period=choice.period, filters=sorted(choice.filters))
    headers = {
        "Content-Disposition": f'attachment; filename="interline-{table}-{choice.period}.csv"',
        "Cache-Control": "no-store",
    }
    lines = csv_lines(TABLES[table], choice)
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
