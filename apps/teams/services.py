"""What is done to teams and to who is in them. Permission was asked at the door (`access`)."""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.accounts.invitations import clean_email, count_invitation
from apps.accounts.models import User
from apps.core import deeds
from apps.core.errors import Conflict, Forbidden, Invalid, NotFound
from apps.teams import mail
from apps.teams.models import NAME_MAX_CHARACTERS, Team, TeamInvitation, TeamMembership, TeamRole
from apps.teams.signals import membership_changed

logger = logging.getLogger(__name__)


def _on_commit(tell: Callable[[], object]) -> None:
    transaction.on_commit(tell, robust=True)


def tell_membership_changed(team_id: UUID, user_id: UUID) -> None:
    """Tell the apps above, once the change is committed."""
    _on_commit(partial(membership_changed.send_robust, sender=Team, team_id=team_id, user_id=user_id))


def _clean_name(name: str) -> str:
    cleaned = " ".join(name.replace("\0", "").split())
    if not cleaned:
        raise Invalid("A team needs a name.")
    if len(cleaned) > NAME_MAX_CHARACTERS:
        raise Invalid(f"A team's name has at most {NAME_MAX_CHARACTERS} characters.")
    return cleaned


@transaction.atomic
def create_team(owner: User, *, name: str) -> Team:
    """Create a team of `owner`'s. Raises Invalid for its name, Conflict for one team too many."""
    cleaned = _clean_name(name)
    owned = TeamMembership.objects.filter(user=owner, role=TeamRole.OWNER).count()
    if owned >= settings.TEAMS_PER_PERSON:
        raise Conflict(f"You own {owned} teams, which is the limit here. Delete one first.")
    team = Team.objects.create(name=cleaned)
    TeamMembership.objects.create(team=team, user=owner, role=TeamRole.OWNER)
    logger.info("team.created", extra={"team": str(team.pk), "user": str(owner.pk)})
    return team


def rename_team(team: Team, *, name: str) -> None:
    team.name = _clean_name(name)
    team.save(update_fields=["name"])


@transaction.atomic
def delete_team(team: Team) -> None:
    """Delete for good. Its documents stay with the people who were given a role of their own in them."""
    team_id = team.pk
    for user_id in team.memberships.values_list("user_id", flat=True):
        tell_membership_changed(team_id, user_id)
    team.delete()
    deeds.tell("team.deleted", target=("team", team_id))
    logger.info("team.deleted", extra={"team": str(team_id)})


@transaction.atomic
def invite(team: Team, *, email: str, role: TeamRole, invited_by: User, site: str) -> TeamMembership | TeamInvitation:
    """Take whoever has the account `email` into the team, or keep an invitation where nobody has. Mail tells them.

    `site` is the address of the front page, for the links in the mail. Inviting an address again changes the
    invitation's role and sends the mail again.

    Raises Invalid (no e-mail address), Forbidden (a role above one's own), Conflict (is in it already, or the team is
    full) and RateLimited.
    """
    address = clean_email(email)
    locked = _lock(team.pk)
    _refuse_above(locked, invited_by, role)
    count_invitation(invited_by)
    person = User.objects.filter(email__iexact=address).first()
    if person:
        return _add_member(locked, person, role, invited_by=invited_by, site=site)
    invitation = TeamInvitation.objects.filter(team=locked, email__iexact=address).first()
    if invitation is None:
        _refuse_when_full(locked)
        invitation = TeamInvitation(team=locked, email=address)
    invitation.role, invitation.invited_by = role, invited_by
    invitation.save()
    deeds.tell("team.invited", target=("team", locked.pk), actor_id=invited_by.pk, role=role.value)
    _on_commit(partial(mail.send_invitation, invitation, site=site))
    logger.info("team.invited", extra={"team": str(locked.pk), "role": role.value})
    return invitation


def _lock(team_id: UUID) -> Team:
    """Return the team with its row locked: whoever changes its members waits for whoever came first."""
    team = Team.objects.select_for_update().filter(pk=team_id).first()
    if team is None:
        raise NotFound("There is no such team.")
    return team


def _refuse_above(team: Team, by: User, *roles: TeamRole) -> None:
    """Raises Forbidden where somebody would give or take a role above their own."""
    own = TeamMembership.objects.filter(team=team, user=by).values_list("role", flat=True).first()
    if own is None:
        raise NotFound("There is no such team.")
    if not all(TeamRole(own).includes(role) for role in roles):
        raise Forbidden("Only an owner can do this to an owner.")


def _refuse_when_full(team: Team) -> None:
    if team.memberships.count() + team.invitations.count() >= settings.TEAM_MEMBERS_MAX:
        raise Conflict(f"A team has at most {settings.TEAM_MEMBERS_MAX} people and invitations.")


def _add_member(team: Team, person: User, role: TeamRole, *, invited_by: User, site: str) -> TeamMembership:
    if TeamMembership.objects.filter(team=team, user=person).exists():
        raise Conflict(f"{person.display_name} is in this team already. Change the role there.")
    replaced, _ = TeamInvitation.objects.filter(team=team, email__iexact=person.email).delete()
    if not replaced:
        _refuse_when_full(team)
    membership = TeamMembership.objects.create(team=team, user=person, role=role)
    tell_membership_changed(team.pk, person.pk)
    _tell_joined(membership, actor_id=invited_by.pk)
    _on_commit(partial(mail.send_added, membership, invited_by=invited_by, site=site))
    logger.info("team.joined", extra={"team": str(team.pk), "user": str(person.pk), "role": role.value})
    return membership


@transaction.atomic
def change_role(team: Team, *, user_id: UUID, role: TeamRole, by: User) -> TeamMembership:
    """Raises NotFound when they are not in it, Forbidden above `by`'s role, Conflict when the last owner steps down."""
    locked = _lock(team.pk)
    membership = _member(locked, user_id)
    _refuse_above(locked, by, role, TeamRole(membership.role))
    if role is not TeamRole.OWNER:
        _keep_an_owner(locked, membership)
    was, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    named = {"user": str(user_id), "role": role.value, "was": was}
    deeds.tell("team.role_changed", target=("team", locked.pk), actor_id=by.pk, **named)
    return membership


@transaction.atomic
def remove_member(team: Team, *, user_id: UUID, by: User) -> None:
    """Take somebody out, or leave. Raises as `change_role`."""
    locked = _lock(team.pk)
    membership = _member(locked, user_id)
    _refuse_above(locked, by, TeamRole(membership.role))
    _keep_an_owner(locked, membership)
    membership.delete()
    tell_membership_changed(locked.pk, user_id)
    named = {"user": str(user_id), "was": membership.role}
    deeds.tell("team.member_removed", target=("team", locked.pk), actor_id=by.pk, **named)
    logger.info("team.left", extra={"team": str(locked.pk), "user": str(user_id), "by": str(by.pk)})


def _tell_joined(membership: TeamMembership, *, actor_id: UUID) -> None:
    named = {"user": str(membership.user_id), "role": str(membership.role)}
    deeds.tell("team.member_added", target=("team", membership.team_id), actor_id=actor_id, **named)


def _member(team: Team, user_id: UUID) -> TeamMembership:
    membership = TeamMembership.objects.filter(team=team, user_id=user_id).select_related("user").first()
    if membership is None:
        raise NotFound("This person is not in the team.")
    return membership


def _keep_an_owner(team: Team, membership: TeamMembership) -> None:
    others = TeamMembership.objects.filter(team=team, role=TeamRole.OWNER).exclude(pk=membership.pk)
    if membership.role == TeamRole.OWNER and not others.exists():
        raise Conflict("A team needs an owner. Make somebody else an owner first.")


@transaction.atomic
def withdraw_invitation(team: Team, *, email: str) -> None:
    deleted, _ = TeamInvitation.objects.filter(team=team, email__iexact=email).delete()
    if not deleted:
        raise NotFound("There is no such invitation.")
    deeds.tell("team.invitation_withdrawn", target=("team", team.pk))


@transaction.atomic
def accept_invitation(invitation: TeamInvitation, *, user: User) -> TeamMembership:
    """Turn `invitation` into a membership of `user`'s, once. A role they already have is never lowered.

    Raises NotFound when it was withdrawn or used.
    """
    locked = _lock(invitation.team_id)
    deleted, _ = TeamInvitation.objects.filter(pk=invitation.pk).delete()
    if not deleted:
        raise NotFound("This invitation was used or withdrawn.")
    role = TeamRole(invitation.role)
    membership, created = TeamMembership.objects.get_or_create(team=locked, user=user, defaults={"role": role})
    if not created and not TeamRole(membership.role).includes(role):
        membership.role = role
        membership.save(update_fields=["role"])
    tell_membership_changed(locked.pk, user.pk)
    _tell_joined(membership, actor_id=user.pk)
    logger.info("team.joined", extra={"team": str(locked.pk), "user": str(user.pk), "role": membership.role})
    return membership


def claim_invitations(user: User, *, verified_email: str) -> None:
    """Accept everything that waits for an address which `user` has proved to be theirs."""
    for invitation in TeamInvitation.objects.filter(email__iexact=verified_email):
        with suppress(NotFound):  # withdrawn in this moment, or accepted in another window
            accept_invitation(invitation, user=user)
