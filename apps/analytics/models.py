"""Events, figures by the hour and the day, what is kept of accepted text, cohorts, experiments and feature flags.

No text of a document and no name of a person is in any of them. Hours and days are those of UTC.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from apps.assistant.models import EXPERIMENT_MAX_CHARACTERS
from apps.teams.models import Team

CODE_MAX_CHARACTERS = 40


class Event(models.Model):
    """Something that happened which no other row says. `seconds`: how long it took; `amount`: how many, of a count."""

    class Kind(models.TextChoices):
        SOCKET_OPENED = "socket_opened", "Socket opened"
        SOCKET_CLOSED = "socket_closed", "Socket closed"
        SOCKET_RESUMED = "socket_resumed", "Client came back"
        REFUSED = "refused", "Request refused"
        LIVE = "live", "Count of what is live"
        DROPPED = "dropped", "Events that were not kept"

    at = models.DateTimeField()
    kind = models.CharField(max_length=14, choices=Kind.choices)
    subject = models.CharField(max_length=12, blank=True)  # which socket, or what is counted
    code = models.CharField(max_length=CODE_MAX_CHARACTERS, blank=True)
    amount = models.PositiveIntegerField(default=1)
    seconds = models.FloatField(null=True)

    class Meta:
        indexes: ClassVar = [BrinIndex("at", pages_per_range=16, autosummarize=True, name="event_at")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.code}"


class Span(models.TextChoices):
    HOUR = "hour", "Hour"
    DAY = "day", "Day"


class GenerationFigures(models.Model):
    """What generations of a kind came to in an hour or a day: those that ended in it, and decisions made in it.

    The histograms are {bucket: count}, see `histogram`: milliseconds to the first token and to the end, and tokens per
    second between them. `undecided`: done, of an action that proposes, and nobody has decided about it (a day later at
    the latest this is final). `cost`: US dollars, where prices are known.
    """

    span = models.CharField(max_length=4, choices=Span.choices)
    starts_at = models.DateTimeField()
    action = models.CharField(max_length=40)
    model = models.CharField(max_length=200)
    tier = models.CharField(max_length=40, blank=True)
    prompt_version = models.CharField(max_length=40)
    experiment = models.CharField(max_length=EXPERIMENT_MAX_CHARACTERS, blank=True)
    arm = models.CharField(max_length=EXPERIMENT_MAX_CHARACTERS, blank=True)

    done = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveBigIntegerField(default=0)
    cancelled = models.PositiveBigIntegerField(default=0)
    fallbacks = models.PositiveBigIntegerField(default=0)
    undecided = models.PositiveBigIntegerField(default=0)
    proposed = models.PositiveBigIntegerField(default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0)
    cost = models.FloatField(default=0.0)
    accepted = models.PositiveBigIntegerField(default=0)
    edited = models.PositiveBigIntegerField(default=0)
    rejected = models.PositiveBigIntegerField(default=0)
    first_token = models.JSONField(default=dict)
    whole = models.JSONField(default=dict)
    speed = models.JSONField(default=dict)

    class Meta:
        verbose_name = "figures"
        verbose_name_plural = "dashboard"
        indexes: ClassVar = [models.Index("span", "starts_at", name="generation_figures_of")]
        permissions: ClassVar = [("view_dashboard", "Can see the analytics and export them")]

    def __str__(self) -> str:
        return f"{self.action} in the {self.span} of {self.starts_at:%Y-%m-%d %H:%M}"


class EventFigures(models.Model):
    """Events of a kind in an hour or a day. `peak`: the largest amount of one; `seconds`: their sum."""

    span = models.CharField(max_length=4, choices=Span.choices)
    starts_at = models.DateTimeField()
    kind = models.CharField(max_length=14)
    subject = models.CharField(max_length=12, blank=True)
    code = models.CharField(max_length=CODE_MAX_CHARACTERS, blank=True)
    events = models.PositiveBigIntegerField(default=0)
    amount = models.PositiveBigIntegerField(default=0)
    peak = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)

    class Meta:
        indexes: ClassVar = [models.Index("span", "starts_at", name="event_figures_of")]

    def __str__(self) -> str:
        return f"{self.kind} in the {self.span} of {self.starts_at:%Y-%m-%d %H:%M}"


class RolledHour(models.Model):
    """An hour that was rolled up, when last, and whether something came later than that."""

    hour = models.DateTimeField(primary_key=True)
    rolled_at = models.DateTimeField()
    is_stale = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M}"


class KeptText(models.Model):
    """How much of an accepted answer still stood in its document `age` after it was accepted, in characters."""

    class Age(models.TextChoices):
        HOUR = "1h", "1 hour"
        DAY = "24h", "24 hours"
        WEEK = "7d", "7 days"

    generation_id = models.UUIDField()
    age = models.CharField(max_length=3, choices=Age.choices)
    accepted_at = models.DateTimeField()
    action = models.CharField(max_length=40)
    model = models.CharField(max_length=200)
    tier = models.CharField(max_length=40, blank=True)
    prompt_version = models.CharField(max_length=40)
    experiment = models.CharField(max_length=EXPERIMENT_MAX_CHARACTERS, blank=True)
    arm = models.CharField(max_length=EXPERIMENT_MAX_CHARACTERS, blank=True)
    accepted_characters = models.PositiveIntegerField()
    kept_characters = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index("accepted_at", name="kept_text_by_time")]
        constraints: ClassVar = [models.UniqueConstraint(fields=["generation_id", "age"], name="kept_text_once")]

    def __str__(self) -> str:
        return f"{self.kept_characters} of {self.accepted_characters} after {self.age}"


class Cohort(models.Model):
    """Of the people who joined in a week, how many used the assistant `age` weeks later."""

    pk = models.CompositePrimaryKey("week", "age")
    week = models.DateField()
    age = models.PositiveSmallIntegerField()
    people = models.PositiveIntegerField()
    active = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.active} of {self.people} of {self.week}, {self.age} weeks later"


class Experiment(models.Model):
    """Tries other prompts or models on a part of the people who use an action; everybody else is `control`.

    Somebody stays in their arm as long as its percentage does not shrink. It stops by itself, and everybody gets the
    usual again, where an arm is surely worse than it may be: see `trials`.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        ROLLED_BACK = "rolled_back", "Rolled back"

    name = models.SlugField(max_length=EXPERIMENT_MAX_CHARACTERS, unique=True)
    hypothesis = models.TextField(blank=True, help_text="What you expect, and why.")
    action = models.CharField(max_length=40, help_text="One experiment runs per action.")
    tiers = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Names of tiers. Empty: all."
    )
    state = models.CharField(max_length=11, choices=State.choices, default=State.DRAFT, editable=False)
    started_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    why_ended = models.CharField(max_length=300, blank=True, editable=False)
    min_answers = models.PositiveIntegerField(
        default=100, validators=[MinValueValidator(10)], help_text="Of an arm, before its shares and times are judged."
    )
    max_error_share = models.FloatField(
        default=0.05,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Rolled back where an arm's share of failed or rerouted answers is above this with 95 % confidence.",
    )
    max_slowdown = models.FloatField(
        default=1.5,
        validators=[MinValueValidator(1.0)],
        help_text="And where its first tokens take more than this many times control's, with 95 % confidence.",
    )
    max_errors_per_minute = models.PositiveIntegerField(
        default=20, validators=[MinValueValidator(1)], help_text="So many errors of an arm in a minute end it at once."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["action"],
                condition=Q(state="running"),
                name="experiment_one_per_action",
                violation_error_message="Another experiment with this action is running.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Arm(models.Model):
    """What an experiment tries on `percent` of the people. Empty: the usual prompt, the usual model."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="arms")
    name = models.SlugField(
        max_length=EXPERIMENT_MAX_CHARACTERS,
        validators=[RegexValidator("^(?!control$)", "Control is whoever is in no arm.")],
    )
    percent = models.FloatField(validators=[MinValueValidator(0.0), MaxValueValidator(100.0)])
    prompt_version = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["experiment", "name"], name="arm_once")]

    def __str__(self) -> str:
        return self.name


class FlagRule(models.Model):
    """Whether a feature is on, for whom. The most particular rule counts: a person's, a team's, a tier's, everybody's.

    `percent`: of the people it is for; for the others, the next rule counts.
    """

    flag = models.CharField(max_length=60)
    is_on = models.BooleanField(default=True)
    tier = models.CharField(max_length=40, blank=True, help_text="The name of a tier.")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(
        "accounts.User", null=True, blank=True, on_delete=models.CASCADE, related_name="+", verbose_name="person"
    )
    percent = models.FloatField(default=100.0, validators=[MinValueValidator(0.0), MaxValueValidator(100.0)])
    note = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "feature flag"
        ordering: ClassVar = ["flag", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["flag", "tier", "team", "user"],
                nulls_distinct=False,
                name="flag_rule_once",
                violation_error_message="There is a rule for them already.",
            ),
            models.CheckConstraint(
                condition=Q(user=None, team=None) | Q(tier="", team=None) | Q(tier="", user=None),
                name="flag_rule_for_one",
                violation_error_message="Choose a tier, a team or a person, or none of them.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.flag}: {'on' if self.is_on else 'off'}"
