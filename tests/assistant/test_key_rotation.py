"""New keys for stored texts, while the assistant writes."""

from collections.abc import Callable
from io import StringIO
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command

from apps.assistant.models import Generation, State
from apps.core.rotation import rotate_all
from tests.assistant.conftest import House

TEXT = "The heron waited at the weir."


@pytest.mark.django_db(transaction=True)
def test_keys_are_rotated_while_answers_stream(own_house: Callable[..., House], use_keys: Callable[..., None]) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    use_keys(old)
    house = own_house(FIELD_ENCRYPTION_KEYS=f"{new},{old}", AI_TOKEN_TIMEOUT_SECONDS="60")
    house.start_generator()
    Generation.objects.bulk_create(
        Generation(
            id=uuid4(),
            document=house.document,
            user=house.alice,
            action="continue",
            input={"text_before": TEXT},
            text=TEXT,
            state=State.DONE,
        )
        for _ in range(50)
    )
    alice = house.join(house.alice)
    house.provider.behave(text="It_does_not_move.", fault="stall", at=2)
    streaming = [alice.generate() for _ in range(2)]
    begun = set[str]()
    while begun != set(streaming):
        begun.add(alice.hear_type("chunk")["id"])
    use_keys(new, old)
    call_command("rotate_encryption", "--batch", "7", stdout=StringIO())
    assert Generation.objects.filter(pk__in=streaming, state=State.RUNNING).count() == 2
    for one in streaming:
        alice.send({"type": "cancel", "id": one})
        assert alice.hear_end(one)["type"] == "cancelled"
    house.provider.behave(text="It_does_not_move.")
    assert alice.hear_end(alice.generate())["type"] == "done"
    use_keys(new)  # the old one goes
    assert all(found.rotated == found.unreadable == 0 for found in rotate_all(batch_rows=10, dry=True))
    texts = [one.text or "" for one in Generation.objects.order_by("created_at")]
    assert texts.count(TEXT) == 50
    assert texts[-1] == "It does not move."
    assert all(text and texts[-1].startswith(text) for text in texts[-3:])
