"""Teams, and who is in them with which role."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

NAME_MAX_CHARACTERS = 80


class TeamRole(models.TextChoices):
    """What a person may do in a team, strongest first."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"

    @property
    def rank(self) -> int:
        return list(reversed(TeamRole)).index(self)

    def includes(self, other: "TeamRole") -> bool:
        return self.rank >= other.rank

    @property
    def can_manage(self) -> bool:
        return self.includes(TeamRole.ADMIN)


class Team(models.Model):
    """People who share documents and, where an administrator gives them one, a pool of tokens."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=NAME_MAX_CHARACTERS)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class TeamMembership(models.Model):
    """A person's role in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="team_memberships")
    role = models.CharField(max_length=10, choices=TeamRole.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "user"], name="team_membership_once_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.team_id}"


class TeamInvitation(models.Model):
    """A role waiting for somebody who has no account yet; it becomes a membership when they accept or verify."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=TeamRole.choices)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("team", Lower("email"), name="team_invitation_once_per_address"),
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.team_id}"
