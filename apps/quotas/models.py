"""Tiers with their limits, who has which, and the ledger of tokens with its counters.

Days, weeks (from Monday) and months are those of UTC. The counters are kept per day; weeks and months are sums of days.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.teams.models import Team

NAME_MAX_CHARACTERS = 40


class Limits(models.Model):
    """What a tier allows, or an exception changes. Empty: no limit in a tier, as the tier in an exception."""

    tokens_per_day = models.PositiveBigIntegerField(null=True, blank=True)
    tokens_per_week = models.PositiveBigIntegerField(null=True, blank=True, help_text="From Monday, UTC.")
    tokens_per_month = models.PositiveBigIntegerField(null=True, blank=True)
    smaller_tokens_per_day = models.PositiveBigIntegerField(
        "tokens per day on smaller models",
        null=True,
        blank=True,
        help_text="Beside the others, for what is offered when those do not suffice. Empty in a tier: none.",
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="At most the installation's ASSISTANT_GENERATIONS_PER_MINUTE."
    )
    concurrent_per_person = models.PositiveIntegerField(
        null=True, blank=True, help_text="At most the installation's ASSISTANT_CONCURRENT_GENERATIONS."
    )
    concurrent_per_document = models.PositiveIntegerField(null=True, blank=True)
    max_input_tokens = models.PositiveIntegerField(null=True, blank=True, help_text="Of one request, prompt included.")
    max_output_tokens = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Of one answer; longer ones are cut."
    )
    allowed_actions = ArrayField(
        models.CharField(max_length=40), null=True, blank=True, help_text="Empty: all actions."
    )
    allowed_models = ArrayField(models.CharField(max_length=200), null=True, blank=True, help_text="Empty: all models.")

    class Meta:
        abstract = True


class Tier(Limits):
    """A set of limits with a name. One of them is for everybody who has no other."""

    name = models.SlugField(max_length=NAME_MAX_CHARACTERS, unique=True)
    label = models.CharField(max_length=NAME_MAX_CHARACTERS)
    rank = models.PositiveSmallIntegerField(default=0, help_text="Their order, smallest first.")
    is_default = models.BooleanField(default=False, help_text="For everybody who has no other tier.")
    price_hint = models.CharField(max_length=120, blank=True, help_text="Shown to people, e.g. “€ 12 a month”.")

    class Meta:
        ordering: ClassVar = ["rank", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="tier_one_default"),
        ]

    def __str__(self) -> str:
        return self.label


class Assignment(models.Model):
    """A person's tier, where it is not the default one."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="tier_assignment"
    )
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="assignments")
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.user_id} has {self.tier_id}"


class Pays(models.TextChoices):
    """Whose tokens an answer takes in a team's document, when a member of the team asks."""

    PERSONAL_FIRST = "personal_first", "The person, and the team where they have none left"
    TEAM_FIRST = "team_first", "The team, and the person where it has none left"
    TEAM_ONLY = "team_only", "The team only"
    PERSONAL_ONLY = "personal_only", "The person only"


class TeamPool(models.Model):
    """The tokens of a team, for its members in its documents: as many as `tier` has, with its other limits."""

    team = models.OneToOneField(Team, primary_key=True, on_delete=models.CASCADE, related_name="pool")
    tier = models.ForeignKey(Tier, on_delete=models.PROTECT, related_name="pools")
    pays = models.CharField(max_length=14, choices=Pays.choices, default=Pays.TEAM_FIRST)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"pool of {self.team}"


class Account(User):
    """A person, as the admin's list of tiers and usage shows them."""

    class Meta:
        proxy = True
        verbose_name = "person"
        verbose_name_plural = "people"


class Override(Limits):
    """An exception for a person or a team's pool, for a time. Where several are in force, the newest counts."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="quota_overrides"
    )
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="quota_overrides",
        help_text="For a team's pool instead of a person.",
    )
    tier = models.ForeignKey(
        Tier, null=True, blank=True, on_delete=models.PROTECT, related_name="+", help_text="As if they had this tier."
    )
    reason = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True, help_text="Empty: until it is removed.")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "exception"
        indexes: ClassVar = [
            models.Index(fields=["user", "-id"], name="override_newest"),
            models.Index(fields=["team", "-id"], name="override_newest_of_team"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=models.F("starts_at")), name="override_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(user=None, team__isnull=False) | Q(user__isnull=False, team=None),
                name="override_for_one",
                violation_error_message="Choose either a person or a team.",
            ),
        ]

    def __str__(self) -> str:
        return f"for {self.user or self.team}: {self.reason}"


class DailyUse(models.Model):
    """The counters of one person and day. `used`: the sum of the day's entries; `reserved`: of its reservations.

    What smaller models take has counters of its own.
    """

    pk = models.CompositePrimaryKey("user_id", "day")
    user_id = models.UUIDField()  # no foreign key: an account may be gone, what was used stays
    day = models.DateField()
    used = models.PositiveBigIntegerField(default=0, db_default=0)
    reserved = models.PositiveBigIntegerField(default=0, db_default=0)
    smaller_used = models.PositiveBigIntegerField(default=0, db_default=0)
    smaller_reserved = models.PositiveBigIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"{self.user_id} on {self.day}: {self.used} used, {self.reserved} reserved"


class TeamDailyUse(models.Model):
    """The counters of one team's pool and day, as DailyUse has a person's."""

    pk = models.CompositePrimaryKey("team_id", "day")
    team_id = models.UUIDField()
    day = models.DateField()
    used = models.PositiveBigIntegerField(default=0, db_default=0)
    reserved = models.PositiveBigIntegerField(default=0, db_default=0)
    smaller_used = models.PositiveBigIntegerField(default=0, db_default=0)
    smaller_reserved = models.PositiveBigIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return f"{self.team_id} on {self.day}: {self.used} used, {self.reserved} reserved"


class Reservation(models.Model):
    """Tokens set aside for a generation that has not ended; gone when it is settled. `team_id`: whose pool pays."""

    generation_id = models.UUIDField(primary_key=True)
    user_id = models.UUIDField()
    team_id = models.UUIDField(null=True)
    document_id = models.UUIDField()
    day = models.DateField()
    action = models.CharField(max_length=40)
    model = models.CharField(max_length=200)
    tokens = models.PositiveIntegerField()
    prompt_tokens = models.PositiveIntegerField()  # what is sent of them, before `charged_percent`
    charged_percent = models.PositiveSmallIntegerField(db_default=100)  # how many tokens of a hundred count
    is_smaller = models.BooleanField(db_default=False)  # of the tokens for smaller models
    created_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["user_id", "day"], name="reservation_by_day"),
            models.Index(fields=["created_at"], name="reservation_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.tokens} for {self.generation_id}"


class Kind(models.TextChoices):
    GENERATION = "generation", "Generation"
    CORRECTION = "correction", "Correction"


class Entry(models.Model):
    """One line of the ledger; never changed, never removed (PostgreSQL refuses it).

    `tokens` is what the person was charged: prompt and completion together, or, in a correction, what was added
    (below zero: given back). `uncharged`: used beyond the reservation when nothing was left, e.g. by a second attempt.
    `user` asked; `team` paid, where it was not the person (a correction of a team's pool has no user). `is_smaller`: of
    the tokens for smaller models. `cost`: what the providers ask for it, by the prices of then; None where one had
    none.
    """

    kind = models.CharField(max_length=10, choices=Kind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    team = models.ForeignKey(Team, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    day = models.DateField()
    tokens = models.BigIntegerField()
    uncharged = models.PositiveBigIntegerField(default=0)
    is_smaller = models.BooleanField("smaller model", default=False, db_default=False)
    reserved = models.PositiveBigIntegerField(default=0)
    generation_id = models.UUIDField(null=True, blank=True)
    document_id = models.UUIDField(null=True, blank=True)
    action = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=200, blank=True)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)
    outcome = models.CharField(max_length=10, blank=True)
    note = models.CharField(max_length=200, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["user", "day"], name="entry_by_day"),
            BrinIndex(
                "day", pages_per_range=16, autosummarize=True, name="entry_of_day"
            ),  # live usage: rows come in order
            models.Index(fields=["team", "day"], name="entry_by_team", condition=Q(team__isnull=False)),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["generation_id"], name="entry_once_per_generation"),
        ]

    def __str__(self) -> str:
        return f"{self.tokens:,} tokens on {self.day}"
