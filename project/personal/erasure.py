"""Erasing a person. Nothing that other people wrote goes with them.

Documents and teams that only they are in are deleted; what others are in goes on, with an owner. The account's row
stays as a pseudonym, because the ledger, the audit trail and the marks of who accepted what name it.
"""

import logging
from dataclasses import dataclass, field

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from apps.accounts.models import Appearance, PersonalWriting, User
from apps.assistant.models import OPEN_STATES, Command, Conversation, Decision, Generation, Turn, Visibility
from apps.core import deeds
from apps.core.errors import Conflict
from apps.documents import comments
from apps.documents import services as documents
from apps.documents.access import standing_links
from apps.documents.models import Document, Invitation, LinkVisit, Membership, Role
from apps.moderation.audit import erase_addresses
from apps.moderation.models import HeldRequest, Notice, Report, Verdict
from apps.quotas.models import Assignment, Override
from apps.quotas.services import lock_person
from apps.teams import services as teams
from apps.teams.models import Team, TeamInvitation, TeamMembership, TeamRole

logger = logging.getLogger(__name__)

NAME = "Erased account"
DOMAIN = "erased.invalid"  # RFC 2606: no mail ever gets there


@dataclass
class Plan:
    """What becomes of what a person owns alone."""

    documents_deleted: list[Document] = field(default_factory=list)
    documents_passed_on: list[tuple[Document, User]] = field(default_factory=list)
    teams_deleted: list[Team] = field(default_factory=list)
    teams_passed_on: list[tuple[Team, User]] = field(default_factory=list)


def plan_of(user: User) -> Plan:
    """Return what erasing `user` would do: each of their documents and teams without another owner, and its heir."""
    plan = Plan()
    owners = Membership.objects.filter(document=OuterRef("pk"), role=Role.OWNER).exclude(user=user)
    owned = Document.objects.filter(memberships__user=user, memberships__role=Role.OWNER).exclude(Exists(owners))
    for document in owned.defer("text", "outline").order_by("pk"):
        heir = _document_heir(document, user)
        if heir is None:
            plan.documents_deleted.append(document)
        else:
            plan.documents_passed_on.append((document, heir))
    others = TeamMembership.objects.filter(team=OuterRef("pk"), role=TeamRole.OWNER).exclude(user=user)
    run = Team.objects.filter(memberships__user=user, memberships__role=TeamRole.OWNER).exclude(Exists(others))
    for team in run.order_by("pk"):
        heir = _team_heir(team, user)
        if heir is None:
            plan.teams_deleted.append(team)
        else:
            plan.teams_passed_on.append((team, heir))
    return plan


def _document_heir(document: Document, user: User) -> User | None:
    """Return who owns it next: the strongest role, then the longest there; else somebody of its team, or an editor.

    The editor by a link that stands may have written in it; who only reads by one does not become an owner.
    """
    members = document.memberships.exclude(user=user).filter(user__is_active=True).select_related("user")
    ranked = sorted(members, key=lambda one: (-Role(one.role).rank, one.created_at))
    if ranked:
        return ranked[0].user
    return (_team_heir(document.team, user) if document.team is not None else None) or _link_heir(document, user)


def _link_heir(document: Document, user: User) -> User | None:
    editing = LinkVisit.objects.filter(link__in=standing_links().filter(document=document, role=Role.EDITOR))
    visit = (
        editing.exclude(user=user).filter(user__is_active=True).select_related("user").order_by("created_at").first()
    )
    return visit.user if visit else None


def _team_heir(team: Team, user: User) -> User | None:
    members = team.memberships.exclude(user=user).filter(user__is_active=True).select_related("user")
    ranked = sorted(members, key=lambda one: (-TeamRole(one.role).rank, one.created_at))
    return ranked[0].user if ranked else None


def is_erased(user: User) -> bool:
    return user.email.endswith("@" + DOMAIN)


@transaction.atomic
def erase(user: User, *, by: User | None = None) -> Plan:
    """Forget a person; return what became of what they owned alone. `by`: an administrator, None for themselves.

    Raises Conflict for the only administrator, and while the assistant writes for them.
    """
    lock_person(user.pk)  # nothing new is asked meanwhile
    locked = User.objects.select_for_update().get(pk=user.pk)
    _check(locked)
    plan = plan_of(locked)
    _leave_documents(locked, plan)
    _leave_teams(locked, plan)
    _forget_asked(locked)
    comments.forget_person(locked)
    _close_account(locked)
    deeds.tell("user.erased", target=("user", locked.pk), actor_id=by.pk if by else locked.pk)
    erase_addresses(locked)
    logger.info("user.erased", extra={"user": str(locked.pk), "documents": len(plan.documents_deleted)})
    return plan


def _check(user: User) -> None:
    if is_erased(user):
        raise Conflict("This account was erased already.")
    if user.is_superuser and not User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk).exists():
        raise Conflict("This is the only administrator. Make somebody else one first.")
    if Generation.objects.filter(user=user, state__in=OPEN_STATES).exists():
        raise Conflict("The assistant is writing for this account. Wait for its end, or stop it first.")


def _leave_documents(user: User, plan: Plan) -> None:
    for document in plan.documents_deleted:
        documents.purge_document(document)
    for document, heir in plan.documents_passed_on:
        if document.memberships.filter(user=heir).exists():
            documents.change_role(document, user_id=heir.pk, role=Role.OWNER)
        else:
            documents.make_owner(document, heir)
    for membership in Membership.objects.filter(user=user).select_related("document"):
        documents.remove_member(membership.document, user_id=user.pk)
    LinkVisit.objects.filter(user=user).delete()
    Invitation.objects.filter(email__iexact=user.email).delete()


def _leave_teams(user: User, plan: Plan) -> None:
    for team in plan.teams_deleted:
        teams.delete_team(team)
    for team, heir in plan.teams_passed_on:
        teams.change_role(team, user_id=heir.pk, role=TeamRole.OWNER, by=user)
    for membership in TeamMembership.objects.filter(user=user).select_related("team"):
        teams.remove_member(membership.team, user_id=user.pk, by=user)
    TeamInvitation.objects.filter(email__iexact=user.email).delete()


def _forget_asked(user: User) -> None:
    """Blank what they asked the assistant and were answered. Who else spoke in a conversation keeps their part."""
    threads = Conversation.objects.filter(Q(user=user) | Q(turns__generation__user=user)).values("pk")
    summaries = Turn.objects.filter(conversation__in=threads).exclude(summary=None)
    Generation.objects.filter(Q(user=user) | Q(pk__in=summaries.values("summary_id"))).update(
        input={}, text=None, lengths=[], events=None, anchor=None
    )
    summaries.update(summary=None)
    Decision.objects.filter(user=user).update(final_text=None)
    others = Count("turns", filter=~Q(turns__generation__user=user))
    own = Conversation.objects.filter(user=user).annotate(others=others)
    alone = own.filter(Q(visibility=Visibility.PRIVATE) | Q(others=0)).values_list("pk", flat=True)
    Conversation.objects.filter(pk__in=list(alone)).delete()
    Conversation.objects.filter(user=user).update(title="")
    Command.objects.filter(user=user).delete()
    HeldRequest.objects.filter(user=user).delete()
    Report.objects.filter(reporter=user).update(note="")
    Notice.objects.filter(user=user).delete()
    Verdict.objects.filter(user=user).update(excerpt=None, fingerprint="")


def _close_account(user: User) -> None:
    for model in (EmailAddress, Authenticator, SocialAccount, PersonalWriting, Assignment, Override):
        model.objects.filter(user=user).delete()
    user.api_keys.all().delete()
    user.kept_answers.all().delete()
    user.suspensions.exclude(appeal_text=None).update(appeal_text="")  # a reason may be needed by whoever gave it
    kind = ContentType.objects.get_for_model(User)
    LogEntry.objects.filter(content_type=kind, object_id=str(user.pk)).update(object_repr=NAME)
    user.groups.clear()
    user.user_permissions.clear()
    user.email, user.name, user.appearance = f"{user.pk}@{DOMAIN}", NAME, Appearance.SYSTEM
    user.is_active = user.is_staff = user.is_superuser = False
    user.last_login = None
    user.set_unusable_password()
    user.save()  # ends sessions and open sockets
