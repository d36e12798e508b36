"""REST: the assistant policies of documents and teams."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import ConfigDict, StringConstraints

from apps.accounts.authentication import DOCUMENTS, caller
from apps.documents.access import access_document
from apps.documents.models import Role
from apps.moderation.models import AfterChecks, Mode, PolicyVersion, Routes, Screening, Spenders
from apps.moderation.models.policies import REASON_MAX_CHARACTERS
from apps.moderation.policies import EVERYTHING, policy_of, publish, versions
from apps.moderation.policy_words import names_of
from apps.teams.access import access_team
from apps.teams.models import TeamRole

of_documents = Router(auth=DOCUMENTS, tags=["policies"])
of_teams = Router(auth=DOCUMENTS, tags=["policies"])

Reason = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=REASON_MAX_CHARACTERS, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$"
    ),
]


class PolicyInput(Schema):
    """A whole policy: what is left out is as mild as it can be. `reason` is shown to those for whom it holds."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode = Mode.FULL
    routes: Routes = Routes.ANY
    spenders: Spenders = Spenders.EVERYONE
    screening: Screening = Screening.USUAL
    after_checks: AfterChecks = AfterChecks.NONE
    reason: Reason


class PolicyOutput(Schema):
    mode: Mode
    routes: Routes
    spenders: Spenders
    screening: Screening
    after_checks: AfterChecks


class PolicyVersionOutput(PolicyOutput):
    """`changed_by`: null where the account is gone."""

    version: int
    reason: str
    changed_by: str | None
    created_at: datetime


class PoliciesOutput(Schema):
    """`policy`: what it says now, beside which wider policies hold. `versions`: the latest, newest first."""

    policy: PolicyOutput
    may_change: bool
    versions: list[PolicyVersionOutput]


@of_documents.get("/{uuid:document_id}/policy/", response=PoliciesOutput)
def read_document_policy(request: HttpRequest, document_id: UUID) -> Any:
    """What the document itself says. What holds together with wider policies, the assistant's socket tells."""
    access = access_document(caller(request), document_id)
    return _told(access.role is Role.OWNER, document_id=document_id)


@of_documents.put("/{uuid:document_id}/policy/", response=PoliciesOutput)
def set_document_policy(request: HttpRequest, document_id: UUID, body: PolicyInput) -> Any:
    """Owners only. In force at once: what is running and would not be allowed any more is stopped."""
    access_document(caller(request), document_id, role=Role.OWNER)
    publish(PolicyVersion(document_id=document_id, changed_by=caller(request), **body.dict()))
    return _told(True, document_id=document_id)


@of_teams.get("/{uuid:team_id}/policy/", response=PoliciesOutput)
def read_team_policy(request: HttpRequest, team_id: UUID) -> Any:
    """What the team says for all its documents."""
    access = access_team(caller(request), team_id)
    return _told(access.role.can_manage, team_id=team_id)


@of_teams.put("/{uuid:team_id}/policy/", response=PoliciesOutput)
def set_team_policy(request: HttpRequest, team_id: UUID, body: PolicyInput) -> Any:
    """Owners and admins. In force at once, in all documents of the team."""
    access_team(caller(request), team_id, role=TeamRole.ADMIN)
    publish(PolicyVersion(team_id=team_id, changed_by=caller(request), **body.dict()))
    return _told(True, team_id=team_id)


def _told(may_change: bool, *, document_id: UUID | None = None, team_id: UUID | None = None) -> dict[str, Any]:
    rows = list(versions(document_id=document_id, team_id=team_id)[: settings.POLICY_VERSIONS_SHOWN])
    names = names_of(row.changed_by_id for row in rows)
    return {
        "policy": policy_of(rows[0]) if rows else EVERYTHING,
        "may_change": may_change,
        "versions": [
            PolicyVersionOutput(
                **vars(policy_of(row)),
                version=row.version,
                reason=row.reason,
                changed_by=names.get(row.changed_by_id) if row.changed_by_id else None,
                created_at=row.created_at,
            )
            for row in rows
        ],
    }
