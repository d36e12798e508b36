"""The JSON schema of the assistant socket, both ways."""

from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from apps.assistant.messages.client import ClientMessage
from apps.assistant.messages.events import GenerationEvents
from apps.assistant.messages.server import SocketMessages

ServerMessage = Annotated[SocketMessages | GenerationEvents, Field(discriminator="type")]


def json_schema(definitions_at: str = "#/$defs/") -> dict[str, Any]:
    """Return the JSON schema of both directions: `$defs`, and under `properties` the unions `client` and `server`.

    `definitions_at`: where references say that the `$defs` are.
    """
    template = definitions_at + "{model}"
    client = TypeAdapter(ClientMessage).json_schema(mode="validation", ref_template=template)
    server = TypeAdapter(ServerMessage).json_schema(mode="serialization", ref_template=template)
    definitions = client.pop("$defs") | server.pop("$defs")
    for definition in definitions.values():
        if "type" in definition.get("properties", {}):
            definition["required"] = ["type", *definition.get("required", [])]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "AssistantMessages",
        "type": "object",
        "properties": {"client": {"title": "ClientMessage", **client}, "server": {"title": "ServerMessage", **server}},
        "required": ["client", "server"],
        "additionalProperties": False,
        "$defs": definitions,
    }
