"""What policies come to, how they are kept, and who may write them over REST."""

from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from apps.documents.models import Role
from apps.moderation.models import (
    AfterChecks,
    AuditRecord,
    Mode,
    PolicyVersion,
    Routes,
    Screening,
    Spenders,
)
from apps.moderation.policies import EVERYTHING, FIELDS, Policy, in_force_in, publish, strictest, versions
from apps.quotas.models import Tier
from apps.teams.models import Team
from tests.cast import make_document, make_user

POLICIES = st.builds(
    Policy,
    mode=st.sampled_from(Mode),
    routes=st.sampled_from(Routes),
    spenders=st.sampled_from(Spenders),
    screening=st.sampled_from(Screening),
    after_checks=st.sampled_from(AfterChecks),
)
HELD = st.tuples(st.sampled_from([Role.EDITOR, Role.OWNER]), st.sampled_from([None, *Role]), st.booleans())
LOCAL, REMOTE = "interline/demo", "openai/gpt-4o-mini"


def lets(policy: Policy, held: tuple[Role, Role | None, bool]) -> bool:
    role, own, suggests = held
    return policy.refusal(role, own, suggests=suggests) == ""


@pytest.mark.django_db
@given(st.lists(POLICIES, max_size=5), HELD)
def test_together_policies_let_what_each_of_them_lets_and_nothing_else(
    levels: list[Policy], held: tuple[Role, Role | None, bool]
) -> None:
    together = strictest(levels)
    assert lets(together, held) == all(lets(one, held) for one in levels)
    for model in (LOCAL, REMOTE):
        assert together.allows_model(model) == all(one.allows_model(model) for one in levels)
    for name in FIELDS:
        assert all(getattr(together, name).strictness >= getattr(one, name).strictness for one in levels)
        assert getattr(together, name) in [getattr(one, name) for one in (*levels, EVERYTHING)]


@given(st.lists(POLICIES, max_size=4), POLICIES, st.randoms())
def test_neither_order_nor_repetition_matters_and_no_level_loosens_another(levels, more, chance) -> None:  # type: ignore[no-untyped-def]
    shuffled = [*levels, *levels]
    chance.shuffle(shuffled)
    assert strictest(shuffled) == strictest(levels)
    assert strictest([strictest(levels), more]) == strictest([*levels, more])
    assert strictest([*levels, EVERYTHING]) == strictest(levels)


@pytest.mark.django_db
def test_each_level_holds_where_it_is_set(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    alice = make_user("Alice")
    team = Team.objects.create(name="Herons")
    document, other = make_document(alice), make_document(alice)
    document.team = team
    document.save()
    free, _ = Tier.objects.get_or_create(name="free", defaults={"label": "Free"})
    with django_capture_on_commit_callbacks(execute=True):
        publish(PolicyVersion(screening=Screening.STRICT, reason="House rule", changed_by=alice))
        publish(PolicyVersion(tier=free, routes=Routes.LOCAL, reason="Cheap", changed_by=alice))
        publish(PolicyVersion(team=team, spenders=Spenders.EDITORS, reason="Budget", changed_by=alice))
        publish(PolicyVersion(document=document, mode=Mode.OFF, reason="Exam", changed_by=alice))
    assert in_force_in(document.pk, tier="free") == Policy(
        Mode.OFF, Routes.LOCAL, Spenders.EDITORS, Screening.STRICT, AfterChecks.NONE
    )
    assert in_force_in(document.pk, tier="pro").routes is Routes.ANY
    assert in_force_in(other.pk) == Policy(screening=Screening.STRICT)
    assert in_force_in(uuid4()) == Policy(screening=Screening.STRICT)
    with django_capture_on_commit_callbacks(execute=True):
        publish(PolicyVersion(document=document, reason="Over", changed_by=alice))
        publish(PolicyVersion(reason="Trusted", changed_by=alice))
    assert in_force_in(document.pk, tier="pro") == Policy(spenders=Spenders.EDITORS)
    free.name = "gratis"
    with django_capture_on_commit_callbacks(execute=True):
        free.save()
    assert in_force_in(document.pk, tier="gratis").is_local_only
    with django_capture_on_commit_callbacks(execute=True):
        free.assignments.all().delete()
        Tier.objects.filter(is_default=True).update(is_default=False)
        free.delete()
    assert in_force_in(other.pk, tier="gratis") == EVERYTHING, "what was a tier's is nobody's now, not everybody's"


@pytest.mark.django_db
def test_versions_are_numbered_kept_and_audited() -> None:
    alice = make_user("Alice")
    document = make_document(alice)
    first = publish(PolicyVersion(document=document, mode=Mode.OFF, reason="Exam", changed_by=alice))
    same = publish(PolicyVersion(document=document, mode=Mode.OFF, reason="Exam", changed_by=alice))
    second = publish(PolicyVersion(document=document, mode=Mode.FULL, reason="Over", changed_by=alice))
    assert (first.version, same.pk, second.version) == (1, first.pk, 2)
    assert [one.version for one in versions(document_id=document.pk)] == [2, 1]
    for change in (
        lambda: PolicyVersion.objects.filter(pk=first.pk).update(mode=Mode.FULL),
        lambda: PolicyVersion.objects.filter(pk=first.pk).delete(),
        first.save,
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    told = AuditRecord.objects.filter(action="policy.changed", target_id=str(document.pk))
    assert told.count() == 2
    assert all(one.actor_id == alice.pk for one in told)
    assert not any("Exam" in one.payload for one in told), "the trail has no text"
    pk = document.pk
    document.delete()
    assert versions(document_id=pk).count() == 2


@pytest.mark.django_db
def test_a_policy_is_of_one_place_and_says_why() -> None:
    alice = make_user("Alice")
    both = PolicyVersion(team=Team.objects.create(name="Herons"), document=make_document(alice), reason="x", version=1)
    with pytest.raises(ValidationError, match="Choose a tier, a team or a document"):
        both.full_clean()
    with pytest.raises(ValidationError, match="reason"):
        PolicyVersion(version=1).full_clean()
