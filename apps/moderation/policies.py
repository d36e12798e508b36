"""The policies in force, and how they change.

Those of the installation, of tiers and of teams are kept in the process; a document's is read with what else is read of
it. A change holds for the next request everywhere, within a second.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

from django.db import connection, models, transaction
from django.dispatch import Signal

from apps.core import control, deeds
from apps.core.kept import Kept
from apps.core.postgres import Statement, in_one_trip
from apps.documents.models import Role
from apps.llm.routes import is_local
from apps.moderation.errors import AgainstPolicy
from apps.moderation.models import AfterChecks, Mode, PolicyVersion, Routes, Screening, Spenders

POLICY_CHANGED = "policy_changed"
policy_changed = Signal()  # document_id, team_id: whose it is, one of them or None; sent when it is committed
LOCK_SPACE = 0x504F4C49  # "POLI"
FIELDS = ("mode", "routes", "spenders", "screening", "after_checks")
READ = f"""
SELECT {", ".join(FIELDS)} FROM moderation_policyversion
WHERE document_id = %(document)s ORDER BY version DESC LIMIT 1
"""  # noqa: S608  (columns of our own model)
READ_WITH_TEAM = (
    f"SELECT d.team_id, p.* FROM documents_document d LEFT JOIN ({READ}) p ON true WHERE d.id = %(document)s"  # noqa: S608
)
NEWEST = """
SELECT GREATEST(
    (SELECT COALESCE(max(id), 0) FROM moderation_policyversion WHERE document_id IS NULL),
    (SELECT COALESCE(max(id), 0) FROM moderation_policyversion WHERE document_id = %(document)s)
)
"""

Kind = Literal["installation", "tier", "team", "document"]


@dataclass(frozen=True)
class Policy:
    """What the assistant may do, and how it is watched; as it stands here, everything."""

    mode: Mode = Mode.FULL
    routes: Routes = Routes.ANY
    spenders: Spenders = Spenders.EVERYONE
    screening: Screening = Screening.USUAL
    after_checks: AfterChecks = AfterChecks.NONE

    @property
    def is_local_only(self) -> bool:
        return self.routes is Routes.LOCAL

    def allows_model(self, model: str) -> bool:
        return not self.is_local_only or is_local(model)

    def refusal(self, role: Role, own_role: Role | None, *, suggests: bool) -> str:
        """Return why somebody with `role` may not ask for something, in words; empty: they may.

        `own_role`: what they have without their team. `suggests`: each thing in the answer is decided about by itself,
        or none of it is for the text.
        """
        if self.mode is Mode.OFF:
            return "The assistant is off here, by a policy."
        if self.spenders is Spenders.OWNERS and role is not Role.OWNER:
            return "Only owners of this document may ask the assistant, by a policy."
        is_editor = own_role is not None and own_role.includes(Role.EDITOR)
        if self.spenders is Spenders.EDITORS and role is not Role.OWNER and not is_editor:
            return "Only owners, and editors who were invited themselves, may ask the assistant here, by a policy."
        if self.mode is Mode.SUGGESTIONS and not suggests:
            return (
                "The assistant only makes suggestions here, by a policy: it does not write or rewrite whole passages."
            )
        return ""

    def check(self, role: Role, own_role: Role | None, *, suggests: bool) -> None:
        """Raise AgainstPolicy where `refusal` says why."""
        if refusal := self.refusal(role, own_role, suggests=suggests):
            raise AgainstPolicy(refusal)


EVERYTHING = Policy()


def strictest(said: Iterable[Policy]) -> Policy:
    """Return what several policies come to.

    The stricter of the levels wins, for each thing by itself: of what installation, tier, team and document say, the
    assistant may do only what all of them let it, and is watched as closely as the closest wants. A level that says
    nothing lets everything; none can loosen what another holds.
    """
    said = list(said)
    if not said:
        return EVERYTHING
    names = [field.name for field in fields(Policy)]
    return Policy(**{name: max((getattr(one, name) for one in said), key=lambda one: one.strictness) for name in names})


@dataclass(frozen=True)
class Level:
    """A policy with whose it is and who set it. `place`: the name of its tier, the id of its team, else empty."""

    kind: Kind
    place: str
    policy: Policy
    reason: str
    changed_by_id: UUID | None
    version: int
    created_at: datetime


def _load() -> Mapping[tuple[Kind, str], Level]:
    general = PolicyVersion.objects.filter(document=None).select_related("tier")
    newest = general.order_by("tier_id", "team_id", "-version").distinct("tier_id", "team_id")
    there = [one for one in newest if one.tier_id is None or one.tier is not None]  # versions outlive their tier
    levels = [level_of(one, one.tier.name if one.tier else "") for one in there]
    return {(level.kind, level.place): level for level in levels}


_kept = Kept("moderation.policies", _load)


def level_of(row: PolicyVersion, tier: str = "") -> Level:
    """Return a stored version as a level. `tier`: its tier's name."""
    kind: Kind = "installation"
    if row.tier_id is not None:
        kind = "tier"
    elif row.team_id is not None:
        kind = "team"
    elif row.document_id is not None:
        kind = "document"
    place = tier or str(row.team_id or row.document_id or "")
    return Level(kind, place, policy_of(row), row.reason, row.changed_by_id, row.version, row.created_at)


def policy_of(row: PolicyVersion) -> Policy:
    return said_by([getattr(row, name) for name in FIELDS])


def said_by(values: Sequence[Any]) -> Policy:
    """Return the policy of a row of `READ`, also of one without a version (all null): that lets everything."""
    mode, routes, spenders, screening, after = values
    if mode is None:
        return EVERYTHING
    return Policy(Mode(mode), Routes(routes), Spenders(spenders), Screening(screening), AfterChecks(after))


def levels_of(*, tier: str, team_id: UUID | None) -> list[Level]:
    """Return what installation, tier and team say. Without a round trip; on an event loop see `all_known`."""
    known = _kept.get()
    if not known:
        return []
    wanted: tuple[tuple[Kind, str], ...] = (("installation", ""), ("tier", tier), ("team", str(team_id)))
    return [known[key] for key in wanted if key in known]


def in_force(document: Policy, *, tier: str, team_id: UUID | None) -> Policy:
    """Return what holds in a document of `team_id` for somebody whose own tier is `tier`: see `strictest`.

    `document`: what the document's own policy says. Without a round trip.
    """
    levels = levels_of(tier=tier, team_id=team_id)
    return strictest([document, *(level.policy for level in levels)]) if levels else document


def in_force_in(document_id: UUID, *, tier: str = "") -> Policy:
    """Return what holds in a document, for who has read nothing of it yet: one query. `tier`: of whom it is about."""
    [rows] = in_one_trip(Statement(READ_WITH_TEAM, {"document": document_id}))
    team_id, *said = rows[0] if rows else (None, *[None] * len(FIELDS))
    return in_force(said_by(said), tier=tier, team_id=team_id)


def newest_for(document_id: UUID) -> int:
    """Return the id of the newest version that may concern a document; 0 where there is none. One query."""
    [[[newest]]] = in_one_trip(Statement(NEWEST, {"document": document_id}))
    return int(newest)


def forget() -> None:
    """Have this process read anew what it keeps."""
    _kept.forget()


def tell_changed() -> None:
    """Have every process read anew what it keeps, once the change is committed."""
    _kept.tell_changed()


@transaction.atomic
def publish(wanted: PolicyVersion) -> PolicyVersion:
    """Store `wanted` as the next version of its place; return what is in force there, the same where nothing changes.

    Open pages are told, and what runs against it is stopped (`policy_changed`).
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s::int, 0)", [LOCK_SPACE])
    latest = versions(tier_id=wanted.tier_id, team_id=wanted.team_id, document_id=wanted.document_id).first()
    if latest is not None and policy_of(latest) == policy_of(wanted) and latest.reason == wanted.reason:
        return latest
    wanted.version = latest.version + 1 if latest else 1
    wanted.save()
    place: tuple[str, object] = next(
        ((kind, pk) for kind in ("tier", "team", "document") if (pk := getattr(wanted, f"{kind}_id")) is not None),
        ("installation", ""),
    )
    said = {name: str(getattr(wanted, name)) for name in FIELDS}
    deeds.tell("policy.changed", target=place, actor_id=wanted.changed_by_id, version=wanted.version, **said)
    if wanted.document_id is None:
        tell_changed()
    transaction.on_commit(partial(_tell, wanted.document_id, wanted.team_id), robust=True)
    return wanted


def _tell(document_id: UUID | None, team_id: UUID | None) -> None:
    control.broadcast(POLICY_CHANGED, document_id=str(document_id or ""), team_id=str(team_id or ""))
    policy_changed.send_robust(sender=PolicyVersion, document_id=document_id, team_id=team_id)


def versions(
    *, tier_id: int | None = None, team_id: UUID | None = None, document_id: UUID | None = None
) -> models.QuerySet[PolicyVersion]:
    """Return the versions of one place's policy, newest first."""
    place: dict[str, Any] = {"tier_id": tier_id, "team_id": team_id, "document_id": document_id}
    return PolicyVersion.objects.filter(**place).order_by("-version")
