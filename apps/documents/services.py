"""What is done to documents and to who may do what in them. Permission was asked at the door (`access`)."""

import logging
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.accounts.invitations import clean_email, count_invitation
from apps.accounts.models import User
from apps.core import deeds
from apps.core.errors import Conflict, Invalid, NotFound
from apps.documents import mail
from apps.documents.models import TITLE_MAX_CHARACTERS, Document, Invitation, LinkVisit, Membership, Role
from apps.documents.signals import access_changed, text_given, title_set
from apps.teams.models import Team

logger = logging.getLogger(__name__)

NO_MEMBER = "This person is not in the document."

_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")  # with apostrophe of either kind, or hyphen


def _on_commit(tell: Callable[[], object]) -> None:
    transaction.on_commit(tell, robust=True)


def tell_access_changed(document_id: UUID, user_id: UUID | None = None) -> None:
    _on_commit(
        partial(access_changed.send_robust, sender=Document, document_id=document_id, user_id=user_id),
    )


def _clean_title(title: str) -> str:
    cleaned = " ".join(title.replace("\0", "").split())
    if len(cleaned) > TITLE_MAX_CHARACTERS:
        raise Invalid(f"A title has at most {TITLE_MAX_CHARACTERS} characters.")
    return cleaned


def _tell_title_set(document: Document, user: User) -> None:
    _on_commit(
        partial(title_set.send_robust, sender=Document, document_id=document.pk, title=document.title, user_id=user.pk)
    )


@transaction.atomic
def create_document(owner: User, *, title: str = "", team: Team | None = None, markdown: str = "") -> Document:
    """Create a document of `owner`'s with the text of `markdown`, which the people of `team` may edit.

    Raises Invalid for a long title, Conflict for one document too many, TooLarge and Invalid for the text.
    """
    owned = Membership.objects.filter(user=owner, role=Role.OWNER).count()
    if owned >= settings.DOCUMENTS_PER_PERSON:
        raise Conflict(f"You have {owned} documents, which is the limit here. Delete some in the trash first.")
    document = Document.objects.create(title=_clean_title(title), edited_by=owner, team=team)
    Membership.objects.create(document=document, user=owner, role=Role.OWNER)
    if document.title:
        _tell_title_set(document, owner)
    if markdown.strip():
        text_given.send(sender=Document, document_id=document.pk, markdown=markdown, user_id=owner.pk)
    logger.info("document.created", extra={"document": str(document.pk), "user": str(owner.pk)})
    return document


@transaction.atomic
def rename_document(document: Document, *, title: str, renamed_by: User) -> None:
    """Set the title from outside the editor; the document's log follows by the signal."""
    document.title = _clean_title(title)
    document.save(update_fields=["title"])
    _tell_title_set(document, renamed_by)


@transaction.atomic
def share_with_team(document: Document, team: Team | None, *, role: Role) -> None:
    """Give everybody in `team` this role instead of whom it was shared with before; None: nobody's team.

    Raises Invalid for the role of an owner: those are people.
    """
    if role is Role.OWNER:
        raise Invalid("A team cannot own a document. Make it an editor, a commenter or a viewer.")
    document.team, document.team_role = team, role
    document.save(update_fields=["team", "team_role"])
    tell_access_changed(document.pk)
    deeds.tell(
        "document.team_set", target=("document", document.pk), team=str(team.pk) if team else "", role=role.value
    )
    logger.info(
        "document.team_set", extra={"document": str(document.pk), "team": str(team.pk) if team else "", "role": role}
    )


@transaction.atomic
def trash_document(document: Document) -> None:
    """Move to the trash: nobody can open it any more, and nothing of it is lost."""
    if Document.objects.filter(pk=document.pk, trashed_at=None).update(trashed_at=timezone.now()):
        tell_access_changed(document.pk)
        deeds.tell("document.trashed", target=("document", document.pk))
        logger.info("document.trashed", extra={"document": str(document.pk)})


@transaction.atomic
def restore_document(document: Document) -> None:
    if Document.objects.filter(pk=document.pk).exclude(trashed_at=None).update(trashed_at=None):
        tell_access_changed(document.pk)
        deeds.tell("document.restored", target=("document", document.pk))
        logger.info("document.restored", extra={"document": str(document.pk)})


@transaction.atomic
def purge_document(document: Document) -> None:
    """Delete for good, with its log, members and invitations."""
    document_id = document.pk
    document.delete()
    tell_access_changed(document_id)
    deeds.tell("document.purged", target=("document", document_id))
    logger.info("document.purged", extra={"document": str(document_id)})


@transaction.atomic
def invite(document: Document, *, email: str, role: Role, invited_by: User, site: str) -> Membership | Invitation:
    """Give whoever has the account `email` a role, or keep an invitation where nobody has. Mail tells them.

    `site` is the address of the front page, for the links in the mail. Inviting an address again changes the
    invitation's role and sends the mail again.

    Raises Invalid (no e-mail address), Conflict (is a member already, or the document is full) and RateLimited.
    """
    address = clean_email(email)
    count_invitation(invited_by)
    locked = lock_document(document.pk)
    person = User.objects.filter(email__iexact=address).first()
    if person:
        return _add_member(locked, person, role, invited_by=invited_by, site=site)
    invitation = Invitation.objects.filter(document=locked, email__iexact=address).first()
    if invitation is None:
        _refuse_when_full(locked)
        invitation = Invitation(document=locked, email=address)
    invitation.role, invitation.invited_by = role, invited_by
    invitation.save()
    deeds.tell("document.invited", target=("document", locked.pk), actor_id=invited_by.pk, role=role.value)
    _on_commit(partial(mail.send_invitation, invitation, site=site))
    logger.info("document.invited", extra={"document": str(locked.pk), "role": role.value})
    return invitation


def lock_document(document_id: UUID) -> Document:
    """Return the document with its row locked: whoever changes its members waits for whoever came first."""
    document = Document.objects.select_for_update().filter(pk=document_id).first()
    if document is None:
        raise NotFound("There is no such document.")
    return document


def _refuse_when_full(document: Document) -> None:
    if document.memberships.count() + document.invitations.count() >= settings.DOCUMENT_MEMBERS_MAX:
        raise Conflict(f"A document has at most {settings.DOCUMENT_MEMBERS_MAX} people and invitations.")


def _add_member(document: Document, person: User, role: Role, *, invited_by: User, site: str) -> Membership:
    if Membership.objects.filter(document=document, user=person).exists():
        raise Conflict(f"{person.display_name} is in this document already. Change the role there.")
    replaced, _ = Invitation.objects.filter(document=document, email__iexact=person.email).delete()
    if not replaced:
        _refuse_when_full(document)
    membership = Membership.objects.create(document=document, user=person, role=role)
    tell_access_changed(document.pk, person.pk)
    _tell_role(document.pk, person.pk, role, actor_id=invited_by.pk)
    _on_commit(partial(mail.send_shared, membership, invited_by=invited_by, site=site))
    logger.info("document.shared", extra={"document": str(document.pk), "user": str(person.pk), "role": role.value})
    return membership


@transaction.atomic
def change_role(document: Document, *, user_id: UUID, role: Role) -> Membership:
    """Raises NotFound when they are no member, Conflict when the last owner would step down."""
    locked = lock_document(document.pk)
    membership = _member(locked, user_id)
    if role is not Role.OWNER:
        _keep_an_owner(locked, membership)
    was, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    tell_access_changed(locked.pk, user_id)
    _tell_role(locked.pk, user_id, role, was=was)
    return membership


@transaction.atomic
def make_owner(document: Document, person: User) -> None:
    """Make somebody an owner who has no role of their own: the last owner's account ends."""
    locked = lock_document(document.pk)
    Membership.objects.create(document=locked, user=person, role=Role.OWNER)
    tell_access_changed(locked.pk, person.pk)
    _tell_role(locked.pk, person.pk, Role.OWNER, inherited=True)


@transaction.atomic
def remove_member(document: Document, *, user_id: UUID) -> None:
    """Take what somebody holds themselves or by links, or leave. Who knows a link can open it again.

    Raises NotFound when they hold nothing so, Conflict when the last owner would go.
    """
    locked = lock_document(document.pk)
    membership = Membership.objects.filter(document=locked, user_id=user_id).first()
    if membership is not None:
        _keep_an_owner(locked, membership)
        membership.delete()
    visits, _ = LinkVisit.objects.filter(link__document=locked, user_id=user_id).delete()
    if membership is None and not visits:
        raise NotFound(NO_MEMBER)
    was = membership.role if membership else "link"
    tell_access_changed(locked.pk, user_id)
    deeds.tell("document.member_removed", target=("document", locked.pk), user=str(user_id), was=was)
    logger.info("document.unshared", extra={"document": str(locked.pk), "user": str(user_id)})


def _tell_role(document_id: UUID, user_id: UUID, role: Role, *, actor_id: UUID | None = None, **detail: object) -> None:
    action = "document.role_changed" if "was" in detail else "document.member_added"
    named = {"user": str(user_id), "role": role.value, **detail}
    deeds.tell(action, target=("document", document_id), actor_id=actor_id, **named)


def _member(document: Document, user_id: UUID) -> Membership:
    membership = Membership.objects.filter(document=document, user_id=user_id).select_related("user").first()
    if membership is None:
        raise NotFound(NO_MEMBER)
    return membership


def _keep_an_owner(document: Document, membership: Membership) -> None:
    others = Membership.objects.filter(document=document, role=Role.OWNER).exclude(pk=membership.pk)
    if membership.role == Role.OWNER and not others.exists():
        raise Conflict("A document needs an owner. Make somebody else an owner first.")


@transaction.atomic
def withdraw_invitation(document: Document, *, email: str) -> None:
    deleted, _ = Invitation.objects.filter(document=document, email__iexact=email).delete()
    if not deleted:
        raise NotFound("There is no such invitation.")
    deeds.tell("document.invitation_withdrawn", target=("document", document.pk))


@transaction.atomic
def accept_invitation(invitation: Invitation, *, user: User) -> Membership:
    """Turn `invitation` into a membership of `user`'s, once. A role they already have is never lowered.

    Raises NotFound when it was withdrawn or used.
    """
    locked = lock_document(invitation.document_id)
    deleted, _ = Invitation.objects.filter(pk=invitation.pk).delete()
    if not deleted:
        raise NotFound("This invitation was used or withdrawn.")
    role = Role(invitation.role)
    membership, created = Membership.objects.get_or_create(document=locked, user=user, defaults={"role": role})
    if not created and not Role(membership.role).includes(role):
        membership.role = role
        membership.save(update_fields=["role"])
    tell_access_changed(locked.pk, user.pk)
    _tell_role(locked.pk, user.pk, Role(membership.role), actor_id=user.pk, invited=True)
    logger.info("document.invitation_accepted", extra={"document": str(locked.pk), "user": str(user.pk)})
    return membership


def claim_invitations(user: User, *, verified_email: str) -> None:
    """Accept everything that waits for an address which `user` has proved to be theirs."""
    for invitation in Invitation.objects.filter(email__iexact=verified_email):
        with suppress(NotFound):  # withdrawn in this moment, or accepted in another window
            accept_invitation(invitation, user=user)


def record_projection(
    document_id: UUID, *, title: str, text: str, outline: str = "", edited_at: datetime, edited_by_id: UUID | None
) -> None:
    """Write what was read out of the document's log. Sends no signal; a document that is gone is left gone."""
    plain = text.replace("\0", "")  # PostgreSQL stores no NUL
    Document.objects.filter(pk=document_id).update(
        title=_one_line(title),
        text=plain,
        outline=outline.replace("\0", "")[: settings.DOCUMENT_OUTLINE_MAX_CHARACTERS],
        word_count=count_words(plain),
        edited_at=edited_at,
        edited_by_id=edited_by_id,
    )


def record_title(document_id: UUID, *, title: str) -> None:
    """Write the title alone, ahead of the rest of the projection. Sends no signal."""
    Document.objects.filter(pk=document_id).update(title=_one_line(title))


def _one_line(title: str) -> str:
    return " ".join(title.replace("\0", "").split())[:TITLE_MAX_CHARACTERS]


def count_words(text: str) -> int:
    return sum(1 for _ in _WORD.finditer(text))
