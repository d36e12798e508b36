"""New keys for stored texts, while others write."""

from collections.abc import Callable
from io import StringIO
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from apps.assistant.models import Command, Conversation, Generation
from apps.core import deeds, rotation
from apps.core.rotation import rotate_all
from apps.moderation import audit
from apps.moderation.models import AuditAnchor
from tests.cast import make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "the heron waited at the weir"


def write_some(count: int) -> list[Generation]:
    alice = make_user(f"Alice-{uuid4().hex[:6]}")
    document = make_document(alice)
    Conversation.objects.create(document=document, user=alice, title=TEXT)
    Command.objects.create(user=alice, name="Shorter", prompt=TEXT)
    rows = [
        Generation(id=uuid4(), document=document, user=alice, action="continue", input={"text_before": TEXT}, text=TEXT)
        for _ in range(count)
    ]
    return Generation.objects.bulk_create(rows)


def test_every_text_opens_with_the_new_key_alone(use_keys: Callable[..., None]) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    use_keys(old)
    write_some(7)
    deeds.tell("test.told")
    audit.anchor()
    use_keys(new, old)
    write_some(2)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("rotate_encryption", "--check", stdout=out)
    assert "assistant_generation.text: 2 current, 7 older" in out.getvalue()
    call_command("rotate_encryption", "--batch", "3", stdout=out)
    assert "assistant_generation.text: 2 current, 7 rotated" in out.getvalue()
    use_keys(new)
    assert {one.text for one in Generation.objects.all()} == {TEXT}
    assert {one.input["text_before"] for one in Generation.objects.all()} == {TEXT}
    assert {one.prompt for one in Command.objects.all()} == {TEXT}
    assert AuditAnchor.objects.get().sealed.startswith("1 ")
    assert list(audit.verify()) == []
    assert all(found.rotated == found.unreadable == 0 for found in rotate_all(batch_rows=3))


def test_who_writes_in_between_is_not_written_over(
    use_keys: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    use_keys(old)
    (generation,) = write_some(1)
    use_keys(new, old)
    batch = rotation._batch

    def overtaken(model: type[Generation], column: str, *others: object) -> object:
        rows = batch(model, column, *others)  # type: ignore[arg-type]
        if model is Generation and column == "text" and rows:
            Generation.objects.filter(pk=generation.pk).update(text="what was written meanwhile")
        return rows

    monkeypatch.setattr(rotation, "_batch", overtaken)
    found = {(one.table, one.column): one for one in rotate_all(batch_rows=10)}
    assert found["assistant_generation", "text"].overtaken == 1
    generation.refresh_from_db()
    assert generation.text == "what was written meanwhile"


def test_what_no_key_opens_is_left_alone_and_told(use_keys: Callable[..., None]) -> None:
    use_keys(Fernet.generate_key().decode())
    write_some(1)
    use_keys(Fernet.generate_key().decode())
    errors = StringIO()
    with pytest.raises(SystemExit):
        call_command("rotate_encryption", stdout=StringIO(), stderr=errors)
    assert "Do not remove any key" in errors.getvalue()
