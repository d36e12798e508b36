"""Writes docs/configuration.md from the settings; with --check it only says whether the file is current."""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "configuration.md"
SETTINGS = (
    *("base", "accounts", "audit", "documents", "teams", "collaboration"),
    *("fallback", "assistant", "quotas", "moderation", "retention", "outgoing"),
    *("metrics", "analytics", "alerts", "tracing", "error_reports", "logs"),
)
HEAD = """# Configuration

Every environment variable Interline reads, with its default and what the settings say about it. Sizes are in bytes,
times in seconds, unless the name says otherwise. The most used are explained in the [README](../README.md).

*Written by `make format` from `project/settings/`; change it there.*

## make run

| variable | default | |
|---|---|---|
| `PORT`, `HOST` | `8000`, `127.0.0.1` | where the first web process listens |
| `DATA_DIR` | `.data` | database, Redis, generated secrets |
| `WEB_PROCESSES`, `GENERATORS` | `1` | further web processes listen on the next ports |
| `NO_COLOR` | | set: process names without colours |
| `ASGI_THREADS` | `16` | threads of a web process for what must not block its event loop |

## Log-in providers

A provider's button appears where its client id is set.

| variable | |
|---|---|
| `GOOGLE_CLIENT_ID`, `GOOGLE_CLIENT_SECRET` | Google |
| `GITHUB_CLIENT_ID`, `GITHUB_CLIENT_SECRET` | GitHub |
| `MICROSOFT_CLIENT_ID`, `MICROSOFT_CLIENT_SECRET` | Microsoft |
| `OIDC_CLIENT_ID`, `OIDC_CLIENT_SECRET`, `OIDC_SERVER_URL`, `OIDC_NAME` | any OpenID Connect server |
"""
UNLISTED = {"INTERLINE_TESTING", "OIDC_SERVER_URL", "OIDC_NAME"}  # of the tests; described above


def default_of(call: ast.Call) -> str:
    if len(call.args) < 2:
        return "required"
    try:
        value = ast.literal_eval(call.args[1])
    except ValueError:
        try:  # a size such as 10 * 2**20
            value = eval(ast.unparse(call.args[1]), {"__builtins__": {}})  # noqa: S307  (our own settings)
        except Exception:
            return f"as {ast.unparse(call.args[1])}"
    if isinstance(value, list):
        value = ",".join(value)
    if isinstance(value, bool):
        value = int(value)
    if isinstance(value, int) and value >= 10_000:
        return f"`{value:_}`".replace("_", " ")
    return f"`{value}`" if value not in ("", {}) else ""


def rows(path: Path, listed: set[str]) -> list[str]:
    """Return the table rows of the variables first read in `path`, and add them to `listed`."""
    source = path.read_text()
    lines = source.splitlines()
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "env"
            and isinstance(node.args[0], ast.Constant)
        ):
            name = str(node.args[0].value)
            comment = re.search(r"  # (?!noqa|type:)(.+)$", lines[(node.end_lineno or node.lineno) - 1])
            if name not in listed:
                listed.add(name)
                found.append((node.lineno, f"| `{name}` | {default_of(node)} | {comment[1] if comment else ''} |"))
    return [row for _, row in sorted(found)]


def page() -> str:
    parts, listed = [HEAD], set(UNLISTED)
    for name in SETTINGS:
        path = ROOT / "project" / "settings" / f"{name}.py"
        if path.exists() and (table := rows(path, listed)):
            about = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0]
            parts.append(
                "\n".join(
                    [f"## {name.capitalize()}", "", about, "", "| variable | default | |", "|---|---|---|", *table, ""]
                )
            )
    return "\n".join(parts)


def main() -> int:
    written = page()
    if "--check" in sys.argv:
        if TARGET.exists() and TARGET.read_text() == written:
            return 0
        print("docs/configuration.md is not what the settings say; run `make format`.")
        return 1
    TARGET.write_text(written)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
