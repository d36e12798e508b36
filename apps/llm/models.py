"""Routes and prices that administrators set, over those of the environment. In force by `apps.llm.routes`."""

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

MODEL_MAX_CHARACTERS = 200
WEIGHT_MAX = 1_000
MODELS_HELP = "As litellm names it, e.g. “openai/gpt-4o-mini”."


class Route(models.Model):
    """Which models answer an action of people of a tier; the route that says most of both counts.

    `is_smaller`: not the usual way, but what is offered to who has too few tokens left for it. `charged_percent`: how
    many tokens of a hundred count. `tier`: its name, since tiers belong to a layer above.
    """

    action = models.CharField(max_length=40, blank=True, help_text="Empty: every action.")
    tier = models.CharField(max_length=40, blank=True, help_text="Empty: every tier.")
    is_smaller = models.BooleanField(
        "smaller model",
        default=False,
        help_text="Not the usual way, but what people are offered whose tokens do not suffice. It takes their tier’s "
        "tokens for smaller models.",
    )
    enabled = models.BooleanField(default=True)
    fallbacks = ArrayField(
        models.CharField(max_length=MODEL_MAX_CHARACTERS),
        blank=True,
        default=list,
        help_text="Asked in this order when the chosen model fails, with commas between. "
        "Empty: the installation's AI_FALLBACK_MODELS.",
    )
    max_input_tokens = models.PositiveIntegerField(null=True, blank=True, help_text="Of one request. Empty: no limit.")
    max_output_tokens = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Of one answer. Empty: no limit."
    )
    charged_percent = models.PositiveSmallIntegerField(
        default=100,
        validators=[MaxValueValidator(100)],
        help_text="How many tokens of a hundred count; 0: it costs people nothing.",
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["action", "tier", "is_smaller"]
        verbose_name = "model route"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["action", "tier", "is_smaller"],
                name="route_once",
                violation_error_message="There is such a route already.",
            ),
            models.CheckConstraint(condition=models.Q(charged_percent__lte=100), name="route_charges_at_most_all"),
        ]

    def __str__(self) -> str:
        kind = " (smaller model)" if self.is_smaller else ""
        return f"{self.action or 'every action'}, {self.tier or 'every tier'}{kind}"


class RouteModel(models.Model):
    """A model of a route. Of three with the weights 2, 1 and 1 the first answers half of the requests."""

    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="models")
    model = models.CharField(max_length=MODEL_MAX_CHARACTERS, help_text=MODELS_HELP)
    weight = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(WEIGHT_MAX)]
    )
    is_local = models.BooleanField(
        "local",
        default=False,
        db_default=False,
        help_text="It runs in this installation: no text leaves it. Policies may allow such models only.",
    )

    class Meta:
        ordering: ClassVar = ["-weight", "pk"]
        verbose_name = "model"
        constraints: ClassVar = [models.UniqueConstraint(fields=["route", "model"], name="route_model_once")]

    def __str__(self) -> str:
        return self.model


class Price(models.Model):
    """What a provider asks for a model, per million tokens, in the currency of AI_PRICE_CURRENCY."""

    model = models.CharField(max_length=MODEL_MAX_CHARACTERS, unique=True, help_text=MODELS_HELP)
    input_price = models.DecimalField(
        max_digits=10, decimal_places=4, validators=[MinValueValidator(Decimal(0))], help_text="Per million tokens."
    )
    output_price = models.DecimalField(
        max_digits=10, decimal_places=4, validators=[MinValueValidator(Decimal(0))], help_text="Per million tokens."
    )
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["model"]
        verbose_name = "model price"

    def __str__(self) -> str:
        return self.model
