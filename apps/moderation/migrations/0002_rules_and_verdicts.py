"""Rules, verdicts, and requests that wait for a reviewer."""

import uuid

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.core.encryption


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0004_team"),
        ("moderation", "0001_audit"),
        ("quotas", "0004_team_pools"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Rule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(choices=[("term", "Term"), ("pattern", "Pattern")], default="term", max_length=7),
                ),
                (
                    "content",
                    models.CharField(
                        help_text="A word or phrase, found as a whole and also disguised (other alphabets, digits for letters, gaps); or a regular expression, which ignores case.",
                        max_length=500,
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        blank=True,
                        help_text="Only in texts of this language, e.g. “de”. Empty: in all.",
                        max_length=35,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z]{2,3}$", "Two or three small letters, e.g. “de”."
                            )
                        ],
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("input", "Requests"), ("output", "Answers"), ("both", "Requests and answers")],
                        default="both",
                        max_length=6,
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("flag", "Note it"),
                            ("redact", "Cut it out of answers"),
                            ("quarantine", "Hold it until a reviewer has looked"),
                            ("block", "Refuse it"),
                        ],
                        default="flag",
                        max_length=10,
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        blank=True, help_text="What reviewers see it under, e.g. “harassment”.", max_length=40
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "tier",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: for everybody.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="quotas.tier",
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "content"],
            },
        ),
        migrations.CreateModel(
            name="Verdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=200, unique=True)),
                (
                    "target_kind",
                    models.CharField(
                        choices=[
                            ("request", "Request"),
                            ("generation", "Generation"),
                            ("document", "Document"),
                            ("comment", "Comment"),
                        ],
                        max_length=10,
                    ),
                ),
                ("target_id", models.CharField(max_length=64)),
                (
                    "stage",
                    models.CharField(
                        choices=[("input", "Asked"), ("output", "Answered"), ("after", "Checked afterwards")],
                        max_length=6,
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("rule", "Rule"),
                            ("shape", "Built-in shape"),
                            ("model", "Moderation model"),
                            ("injection", "Orders to the assistant"),
                            ("report", "Report"),
                        ],
                        max_length=9,
                    ),
                ),
                ("category", models.CharField(max_length=60)),
                ("rule_version", models.PositiveIntegerField(blank=True, null=True)),
                ("score", models.FloatField(blank=True, null=True)),
                ("count", models.PositiveIntegerField(default=1)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("flag", "Note it"),
                            ("redact", "Cut it out of answers"),
                            ("quarantine", "Hold it until a reviewer has looked"),
                            ("block", "Refuse it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("excerpt", apps.core.encryption.EncryptedTextField(blank=True, null=True)),
                ("fingerprint", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("noted", "Noted"),
                            ("waiting", "Waits for a reviewer"),
                            ("upheld", "Upheld"),
                            ("overturned", "Overturned"),
                        ],
                        default="noted",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "document",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="documents.document",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="verdicts",
                        to="moderation.rule",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="HeldRequest",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("digest", models.CharField(max_length=64)),
                ("request", apps.core.encryption.EncryptedJSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waits for a reviewer"), ("released", "Released"), ("refused", "Refused")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="documents.document"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["created_at"],
                "indexes": [models.Index(models.F("state"), models.F("created_at"), name="held_by_state")],
                "constraints": [models.UniqueConstraint(fields=("user", "document", "digest"), name="held_once")],
            },
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.UniqueConstraint(
                fields=("kind", "content", "direction", "language", "tier"),
                name="rule_once",
                nulls_distinct=False,
                violation_error_message="There is such a rule already.",
            ),
        ),
        migrations.AddIndex(
            model_name="verdict",
            index=models.Index(models.F("state"), models.F("created_at"), name="verdict_by_state"),
        ),
        migrations.AddIndex(
            model_name="verdict",
            index=models.Index(models.F("target_id"), name="verdict_by_target"),
        ),
        migrations.AddIndex(
            model_name="verdict",
            index=models.Index(models.F("user"), models.F("created_at"), name="verdict_by_user"),
        ),
        migrations.AddIndex(
            model_name="verdict",
            index=models.Index(models.F("document"), models.F("created_at"), name="verdict_by_document"),
        ),
        migrations.AddIndex(
            model_name="verdict",
            index=models.Index(
                models.F("fingerprint"),
                condition=models.Q(("fingerprint", ""), _negated=True),
                name="verdict_by_fingerprint",
            ),
        ),
    ]
