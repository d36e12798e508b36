"""The Python client against a running server."""

import asyncio
import hashlib
from uuid import uuid4

import httpx
import pytest
from interline_client import Interline, InterlineError

from apps.accounts.api_keys import create_key
from apps.accounts.models import Scope, User
from apps.documents.models import Document
from tests.assistant.conftest import House

pytestmark = pytest.mark.django_db(transaction=True)


def client_of(house: House, user: User) -> Interline:
    _, text = create_key(user, name="Client", scopes=Scope.values)
    return Interline(house.web.url, key=text)


def test_documents_are_made_found_renamed_shared_and_trashed(house: House) -> None:
    alice_client = client_of(house, house.alice)

    async def scenario() -> None:
        async with alice_client as interline:
            made = await interline.create_document("A heron by the weir")
            assert (made.title, made.role) == ("A heron by the weir", "owner")
            assert [found.id async for found in interline.documents("heron")] == [made.id, house.document.pk]
            assert (await interline.rename_document(made.id, "An egret")).title == "An egret"
            await interline.share_document(made.id, house.bob.email, "viewer")
            await interline.trash_document(made.id)
            with pytest.raises(InterlineError) as refused:
                await interline.get_document(made.id)
            assert (refused.value.code, refused.value.status) == ("not_found", 404)

    asyncio.run(scenario())


def test_a_text_is_read_changed_and_merged(house: House) -> None:
    alice_client = client_of(house, house.alice)

    async def scenario() -> None:
        async with alice_client as interline:
            made = await interline.create_document("Weir", markdown="# Weir\n\nThe heron waits.\n")
            read = await interline.read_text(made.id)
            await interline.write_markdown(made.id, read.text + "\nAnother line.\n")
            await interline.write_markdown(made.id, read.text.replace("waits", "stands"), version=read.version)
            assert (await interline.read_text(made.id)).text == "# Weir\n\nThe heron stands.\n\nAnother line.\n"
            with pytest.raises(InterlineError) as refused:
                await interline.read_text(made.id, "odt")
            assert refused.value.code == "invalid"

    asyncio.run(scenario())


def test_a_generation_is_followed_to_its_end_and_decided(house: House) -> None:
    house.provider.behave(text="one_two_three")
    alice_client = client_of(house, house.alice)

    async def scenario() -> None:
        async with alice_client as interline:
            answer = await interline.generate(house.document.pk, "continue", text_before="It was late. ")
            events = [event async for event in answer]
            assert [events[0].type, events[-1].type] == ["started", "done"]
            text = "".join(event["text"] for event in events if event.type == "chunk")
            assert events[-1]["sha256"] == hashlib.sha256(text.encode()).hexdigest()
            assert await interline.generation(answer.id).text() == text
            await answer.decide("accepted")

    asyncio.run(scenario())


def test_a_generation_goes_on_when_the_web_process_is_killed(house: House) -> None:
    house.provider.behave(tokens=120, rate=40)
    own = house.start_web()
    _, text = create_key(house.alice, name="Client", scopes=Scope.values)

    async def scenario() -> None:
        async with Interline(own.url, key=text) as interline:
            answer = await interline.generate(house.document.pk, "continue", text_before="It was late. ")
            seen = []
            async for event in answer:
                seen.append(event)
                if event.seq == 5:
                    await asyncio.to_thread(own.kill)
                    await asyncio.to_thread(own.start)
            assert seen[-1].type == "done"
            assert [event.seq for event in seen] == list(range(1, seen[-1].seq + 1))

    asyncio.run(scenario())


def test_a_generation_can_be_stopped_and_a_refusal_has_its_code(house: House) -> None:
    house.provider.behave(tokens=400, rate=20)
    alice_client = client_of(house, house.alice)

    async def scenario() -> None:
        async with alice_client as interline:
            answer = await interline.generate(house.document.pk, "continue", text_before="It was late. ")
            async for event in answer:
                if event.seq == 3:
                    await answer.cancel()
            assert event.type == "cancelled"
            with pytest.raises(InterlineError) as refused:
                await interline.generate(house.document.pk, "dance")
            assert refused.value.code == "unsupported_action"
        with pytest.raises(InterlineError) as refused:
            async with Interline(house.web.url, key="il_no_key") as nobody:
                await nobody.create_document()
        assert refused.value.status == 401

    asyncio.run(scenario())


def test_two_programs_write_one_text(house: House) -> None:
    alice, bob = client_of(house, house.alice), client_of(house, house.bob)

    async def scenario() -> None:
        async with alice, bob:
            async with alice.open(house.document.pk) as hers, bob.open(house.document.pk) as his:
                hers.append_paragraph("From Alice.")
                his.append_paragraph("From Bob.")
                hers.title = "Together"
                await asyncio.gather(hers.saved(), his.saved())
                async with asyncio.timeout(10):
                    while len(his.paragraphs) < 2 or his.title != "Together":
                        await his.changed()
                    while len(hers.paragraphs) < 2:
                        await hers.changed()
                assert hers.paragraphs == his.paragraphs
                assert set(hers.paragraphs) == {"From Alice.", "From Bob."}
            async with alice.open(house.document.pk) as again:
                assert again.paragraphs == hers.paragraphs

    asyncio.run(scenario())


def test_what_is_written_while_the_server_is_away_is_sent_when_it_is_back(house: House) -> None:
    own = house.start_web()
    _, text = create_key(house.alice, name="Client", scopes=Scope.values)

    async def scenario() -> None:
        async with Interline(own.url, key=text) as interline, interline.open(house.document.pk) as shared:
            shared.append_paragraph("Before.")
            await shared.saved()
            await asyncio.to_thread(own.kill)
            shared.append_paragraph("Meanwhile.")
            await asyncio.to_thread(own.start)
            async with asyncio.timeout(20):
                await shared.saved()
            async with interline.open(house.document.pk) as fresh:
                assert fresh.paragraphs == ["Before.", "Meanwhile."]

    asyncio.run(scenario())


def test_a_text_that_is_not_shared_is_refused(house: House) -> None:
    alice_client = client_of(house, house.alice)
    unshared = Document.objects.create(title="").pk

    async def scenario() -> None:
        async with alice_client as interline:
            for absent in (uuid4(), unshared):
                with pytest.raises(InterlineError) as refused:
                    async with interline.open(absent):
                        pass
                assert refused.value.code == "not_found"

    asyncio.run(scenario())


def test_a_server_that_is_not_there_is_told_as_such() -> None:

    async def scenario() -> None:
        async with Interline("http://127.0.0.1:9", key="il_a_b") as interline:
            with pytest.raises(httpx.TransportError):
                await interline.create_document()

    asyncio.run(scenario())
