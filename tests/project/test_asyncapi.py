"""The description of both sockets says what the sockets do."""

from typing import Any, get_args

import pytest
from django.test import Client
from pydantic import TypeAdapter

from apps.assistant.examples import EXAMPLES
from apps.assistant.messages.client import ClientMessage, parse_client_message
from apps.assistant.messages.schema import ServerMessage

pytestmark = pytest.mark.django_db


def kinds(union: Any) -> set[str]:
    members = get_args(get_args(union)[0])
    return {member.model_fields["type"].default for member in members}


def described(client: Client) -> dict[str, Any]:
    answer = client.get("/api/v1/asyncapi.json")
    assert answer.status_code == 200
    described: dict[str, Any] = answer.json()
    return described


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for part in value.values() for found in references(part)]
    return [found for part in value for found in references(part)] if isinstance(value, list) else []


def resolve(document: dict[str, Any], reference: str) -> Any:
    value: Any = document
    for part in reference.removeprefix("#/").split("/"):
        value = value[part]
    return value


def test_every_frame_has_an_example_and_every_example_is_a_frame() -> None:
    assert set(EXAMPLES) == kinds(ClientMessage) | kinds(ServerMessage)


@pytest.mark.parametrize("kind", sorted(kinds(ClientMessage)))
def test_what_a_client_is_shown_is_taken(kind: str) -> None:
    text = TypeAdapter(Any).dump_json(EXAMPLES[kind]).decode()
    assert parse_client_message(text).type == kind


@pytest.mark.parametrize("kind", sorted(kinds(ServerMessage)))
def test_what_a_client_is_told_to_expect_is_what_we_say(kind: str) -> None:
    message: Any = TypeAdapter(ServerMessage).validate_python(EXAMPLES[kind])
    assert message.model_dump(mode="json", exclude_none=True).items() >= {"type": kind}.items()


def test_the_document_holds_together(client: Client) -> None:
    document = described(client)
    assert document["asyncapi"] == "3.0.0"
    assert {channel["address"] for channel in document["channels"].values()} == {
        "/ws/assistant/{document}",
        "/ws/sync/{document}",
    }
    found = references(document)
    assert found
    for reference in found:
        resolve(document, reference)
    assert "4403 forbidden" in document["info"]["description"]


def test_people_can_read_it(client: Client) -> None:
    page = client.get("/api/v1/docs/sockets").content.decode()
    for kind in EXAMPLES:
        assert f"<code>{kind}</code>" in page
