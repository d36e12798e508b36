"""The Python client against a running server."""

import asyncio
import hashlib
from datetime import UTC, datetime
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


def test_a_text_is_had_as_a_file(house: House) -> None:
    alice_client = client_of(house, house.alice)

    async def scenario() -> None:
        async with alice_client as interline:
            made = await interline.create_document("Weir", markdown="The heron waits.\n")
            assert (await interline.read_file(made.id, "docx")).startswith(b"PK")
            assert (await interline.read_file(made.id, "pdf")).startswith(b"%PDF-")

    asyncio.run(scenario())


def test_share_links_are_made_changed_listed_and_revoked(house: House) -> None:
    alice_client, bob_client = client_of(house, house.alice), client_of(house, house.bob)

    async def scenario() -> None:
        async with alice_client as interline, bob_client as bob:
            links = interline.links(house.document.pk)
            until = datetime(2040, 1, 31, tzinfo=UTC)
            link = await links.create("viewer", expires_at=until, password="seven herons wade")
            assert (link.role, link.has_password, link.expires_at, link.people) == ("viewer", True, until, 0)
            stays = await links.change(link.id, role="commenter")
            assert (stays.role, stays.has_password, stays.expires_at) == ("commenter", True, until)
            open_to_all = await links.change(link.id, expires_at=None, password=None)
            assert (open_to_all.has_password, open_to_all.expires_at) == (False, None)
            assert [found.url async for found in links] == [link.url]
            with pytest.raises(InterlineError) as refused:
                await bob.links(house.document.pk).create("viewer")
            assert refused.value.code == "forbidden"
            await links.revoke(link.id)
            assert [found async for found in links] == []

    asyncio.run(scenario())


def test_comments_are_begun_answered_changed_and_resolved(house: House) -> None:
    alice_client, bob_client = client_of(house, house.alice), client_of(house, house.bob)

    async def scenario() -> None:
        async with alice_client as interline, bob_client as bob:
            comments, his = interline.comments(house.document.pk), bob.comments(house.document.pk)
            named = {person.name: person.id async for person in comments.people()}
            own = uuid4()
            thread = await comments.begin("Grey?", quote="heron", mentions=[named["Bob"]], comment_id=own)
            assert (await comments.begin("Grey?", quote="heron", comment_id=own)).id == thread.id
            reply = await his.reply(thread.id, "White.")
            await his.edit(thread.id, reply.id, "White, I think.")
            await comments.remove(thread.id, thread.id)
            assert (await his.get(thread.id)).comments[0].body == ""
            await comments.restore(thread.id, thread.id)
            read = await his.get(thread.id)
            assert [(one.user.name if one.user else "", one.body) for one in read.comments] == [
                ("Alice", "Grey?"),
                ("Bob", "White, I think."),
            ]
            assert [one.id for one in read.comments[0].mentions] == [named["Bob"]]
            assert (await his.resolve(thread.id)).resolved_by is not None
            assert [found async for found in comments.threads(resolved=False)] == []
            assert [found.id async for found in comments.threads(resolved=True)] == [thread.id]
            assert (await his.resolve(thread.id, resolved=False)).resolved_at is None

    asyncio.run(scenario())


def test_versions_are_named_read_and_brought_back(house: House) -> None:
    alice_client = client_of(house, house.alice)

    async def scenario() -> None:
        async with alice_client as interline:
            made = await interline.create_document("Weir", markdown="The heron waits.\n")
            versions = interline.versions(made.id)
            first = await versions.name("Sent")
            assert (await versions.rename(first.number, "Sent to Ada")).name == "Sent to Ada"
            await interline.write_markdown(made.id, "The heron has gone.\n")
            assert await versions.read_text(first.number) == "The heron waits.\n"
            assert (await versions.read_file(first.number, "pdf")).startswith(b"%PDF-")
            restored = await versions.restore(first.number)
            assert (await interline.read_text(made.id)).text == "The heron waits.\n"
            assert restored.made is not None
            assert (await versions.get(restored.made)).restored_from == first.number
            await versions.restore(restored.before)
            assert (await interline.read_text(made.id)).text == "The heron has gone.\n"
            await versions.remove(first.number)
            assert first.number not in [found.number async for found in versions]

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
                async with asyncio.timeout(60):
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
            async with asyncio.timeout(60):
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
