"""How much of accepted text still stands, and who stays: sampled out of real documents and the real ledger."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.analytics.cohorts import form
from apps.analytics.models import Cohort, KeptText
from apps.analytics.staying import measure_due
from apps.assistant.models import Generation
from apps.quotas.models import Entry, Kind
from tests.analytics.rows import decided, ended, someone
from tests.assistant.test_provenance import AI, mark, write
from tests.cast import make_document, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_left_of_accepted_text_is_measured_once_per_age() -> None:
    alice, now = make_user("Alice"), timezone.now()
    document = make_document(alice)

    def taken(text: str, hours: float, decision: str = "accepted", **fields: str) -> Generation:
        at = now - timedelta(hours=hours)
        made = ended(alice, document, at, text=text)
        decided(made, decision, at, **fields)
        return made

    half, whole, gone = taken("ten letter", 1.1), taken("all of it", 1.1), taken("away", 25)
    edited = taken("what the model wrote", 1.1, "edited", final_text="what Alice made")
    old = taken("a week ago", 7 * 24 + 2)
    fresh, rejected = taken("just now", 0.1), taken("no", 1.1, "rejected")
    runs = [
        ("ten l", mark(AI, str(half.pk))),
        ("all of it", mark(AI, str(whole.pk))),
        ("what Alice made", mark(AI, str(edited.pk))),
        ("a week", mark(AI, str(old.pk))),
        ("typed by hand", None),
    ]
    write(document, ("paragraph", {}, runs))

    assert measure_due(now) == 5
    found = {
        row.generation_id: (row.age, row.kept_characters, row.accepted_characters) for row in KeptText.objects.all()
    }
    assert found == {
        half.pk: ("1h", 5, 10),
        whole.pk: ("1h", 9, 9),
        edited.pk: ("1h", 15, 15),
        gone.pk: ("24h", 0, 4),
        old.pk: ("7d", 6, 10),
    }
    assert not {fresh.pk, rejected.pk} & set(found)
    assert measure_due(now) == 0


def test_a_cohort_says_how_many_came_back_in_each_week() -> None:
    now = timezone.now()
    people = [someone() for _ in range(4)]
    User.objects.update(date_joined=now - timedelta(weeks=2))
    for user, weeks in ((people[0], 2), (people[0], 0), (people[1], 2), (people[1], 2)):
        at = now - timedelta(weeks=weeks)
        Entry.objects.create(kind=Kind.GENERATION, user=user, day=at.date(), tokens=5, created_at=at)
    form()
    form()
    assert [(one.age, one.people, one.active) for one in Cohort.objects.order_by("age")] == [
        (0, 4, 2),
        (1, 4, 0),
        (2, 4, 1),
    ]
