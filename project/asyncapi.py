"""Both sockets as an AsyncAPI 3 document (https://www.asyncapi.com/docs/reference/specification/v3.0.0)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from apps.assistant.examples import EXAMPLES
from apps.assistant.messages.schema import json_schema
from apps.assistant.messages.server import SUBPROTOCOL
from apps.core.close_codes import CloseCode

VERSION = "1"
SCHEMAS = "#/components/schemas/"
MESSAGES = "#/components/messages/"
DOCUMENT_PARAMETER = {"document": {"description": "The document's UUID."}}


@dataclass(frozen=True)
class SyncFrame:
    """One kind of binary frame, its first bytes first."""

    summary: str
    by_client: bool
    by_server: bool


SYNC_FRAMES = {
    "step_1": SyncFrame("`00 00` and a state vector: what the sender has. Answered by step 2.", True, True),
    "step_2": SyncFrame("`00 01` and an update: what the asker lacks. From who may edit only.", True, True),
    "update": SyncFrame("`00 02` and an update. From who may edit only; others are closed with 4403.", True, True),
    "awareness": SyncFrame("`01` and the presence of clients; echoed to its sender too.", True, True),
    "query_awareness": SyncFrame("`03`: asks for everybody's presence.", True, False),
    "acknowledgement": SyncFrame(
        "`64` and two varuint64: the document's sequence number, and how many of this connection's update messages are "
        "committed. Only with `?ack=1`.",
        False,
        True,
    ),
}

INTRODUCTION = """\
Two sockets per document. Browsers enter with their session cookie, and the `Origin` is checked. Programs enter with a
short-lived token from `POST /api/v1/tokens`, as `?token=` or as the subprotocol `bearer.<token>`. The upgrade is always
accepted; what is refused is closed with a code."""


def document(*, host: str, secure: bool) -> dict[str, Any]:
    """Return the AsyncAPI document for the site at `host`."""
    schema = json_schema(SCHEMAS)
    client = _names(schema["properties"]["client"])
    server = _names(schema["properties"]["server"])
    assistant = {_kind(schema, name): name for name in (*client, *server)}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Interline sockets",
            "version": VERSION,
            "description": f"{INTRODUCTION}\n\nClose codes: {_close_codes()}.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"site": {"host": host, "protocol": "wss" if secure else "ws", "security": _references(SECURITY)}},
        "channels": {
            "assistant": {
                "address": "/ws/assistant/{document}",
                "title": "Assistant",
                "description": f"JSON text frames, one object each. Subprotocol `{SUBPROTOCOL}`, not required.",
                "parameters": DOCUMENT_PARAMETER,
                "messages": {kind: {"$ref": MESSAGES + kind} for kind in assistant},
            },
            "sync": {
                "address": "/ws/sync/{document}",
                "title": "Sync",
                "description": "The y-websocket protocol: binary frames of y-protocols. The text is the fragment "
                "named `default`; the `Y.Map` named `meta` holds `title`. `?ack=1` asks for acknowledgements.",
                "parameters": DOCUMENT_PARAMETER,
                "messages": {f"sync_{kind}": {"$ref": f"{MESSAGES}sync_{kind}"} for kind in SYNC_FRAMES},
            },
        },
        "operations": {
            "assistantReceives": _operation("receive", "assistant", [_kind(schema, name) for name in client]),
            "assistantSends": _operation("send", "assistant", [_kind(schema, name) for name in server]),
            "syncReceives": _operation("receive", "sync", _sync_kinds(by_server=False)),
            "syncSends": _operation("send", "sync", _sync_kinds(by_server=True)),
        },
        "components": {
            "messages": {
                **{kind: _message(schema, kind, name) for kind, name in assistant.items()},
                **{f"sync_{kind}": _sync_message(kind) for kind in SYNC_FRAMES},
            },
            "schemas": {name: _plain(definition) for name, definition in schema["$defs"].items()},
            "securitySchemes": SECURITY,
        },
    }


SECURITY = {
    "session": {"type": "httpApiKey", "name": "sessionid", "in": "cookie", "description": "A signed-in browser."},
    "token": {"type": "httpApiKey", "name": "token", "in": "query", "description": "From `POST /api/v1/tokens`."},
}


def _references(schemes: dict[str, Any]) -> list[dict[str, str]]:
    return [{"$ref": f"#/components/securitySchemes/{name}"} for name in schemes]


def _names(union: dict[str, Any]) -> list[str]:
    return [one["$ref"].removeprefix(SCHEMAS) for one in union["oneOf"]]


def _kind(schema: dict[str, Any], name: str) -> str:
    kind: str = schema["$defs"][name]["properties"]["type"]["const"]
    return kind


def _operation(action: str, channel: str, kinds: list[str]) -> dict[str, Any]:
    """`receive`: what the server takes; `send`: what it says."""
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{kind}"} for kind in kinds],
    }


def _message(schema: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    summary = schema["$defs"][name].get("description", "").partition("\n")[0]
    return {
        "name": kind,
        "title": name,
        **({"summary": summary} if summary else {}),
        "payload": {"$ref": SCHEMAS + name},
        "examples": [{"name": kind, "payload": EXAMPLES[kind]}],
    }


def _sync_message(kind: str) -> dict[str, Any]:
    return {
        "name": f"sync_{kind}",
        "contentType": "application/octet-stream",
        "summary": SYNC_FRAMES[kind].summary,
        "payload": {"type": "string", "format": "binary"},
    }


def _sync_kinds(*, by_server: bool) -> list[str]:
    return [
        f"sync_{kind}"
        for kind, description in SYNC_FRAMES.items()
        if (description.by_server if by_server else description.by_client)
    ]


def _plain(definition: Any) -> Any:
    """Return a schema without what only our TypeScript generator reads."""
    if isinstance(definition, dict):
        return {name: _plain(value) for name, value in definition.items() if name != "tsType"}
    if isinstance(definition, list):
        return [_plain(value) for value in definition]
    return definition


def _close_codes() -> str:
    return ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in CloseCode)


def _of(request: HttpRequest) -> dict[str, Any]:
    return document(host=request.get_host(), secure=request.is_secure())


@require_safe
def asyncapi_json(request: HttpRequest) -> HttpResponse:
    return JsonResponse(_of(request), json_dumps_params={"ensure_ascii": False})


@require_safe
def asyncapi_page(request: HttpRequest) -> HttpResponse:
    """The same for people."""
    return render(request, "api/sockets.html", {"channels": list(_channels(_of(request)))})


def _channels(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, channel in described["channels"].items():
        yield {
            "name": name,
            **channel,
            "description": _with_code(channel["description"]),
            "directions": [
                (words, [_shown(described, reference) for reference in operation["messages"]])
                for operation, words in (
                    (described["operations"][f"{name}Receives"], "Client to server"),
                    (described["operations"][f"{name}Sends"], "Server to client"),
                )
            ],
        }


def _shown(described: dict[str, Any], reference: dict[str, str]) -> dict[str, Any]:
    message = described["components"]["messages"][reference["$ref"].rpartition("/")[2]]
    examples = message.get("examples", [])
    example = json.dumps(examples[0]["payload"], indent=2) if examples else ""
    return {**message, "summary": _with_code(message.get("summary", "")), "example": example}


def _with_code(text: str) -> SafeString:
    """Return `text` with what stands between backticks as code."""
    parts = enumerate(text.split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if at % 2 else part,) for at, part in parts)
    )
