"""Policies by installation, tier, team and document, in versions that PostgreSQL keeps append-only."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORBID_CHANGES = """
CREATE OR REPLACE FUNCTION moderation_policies_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'policies are append-only: a change is a version of its own';
END $$;
CREATE TRIGGER moderation_policy_append_only BEFORE UPDATE OR DELETE ON moderation_policyversion
    FOR EACH ROW EXECUTE FUNCTION moderation_policies_are_append_only();
"""
ALLOW_CHANGES = """
DROP TRIGGER moderation_policy_append_only ON moderation_policyversion;
DROP FUNCTION moderation_policies_are_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0004_team"),
        ("moderation", "0004_trail_not_emptied"),
        ("quotas", "0005_routes"),
        ("teams", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(editable=False)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("full", "Everything"),
                            ("suggestions", "Suggestions only: nothing that is put into the text as a whole"),
                            ("off", "Nothing: the assistant is off"),
                        ],
                        default="full",
                        max_length=11,
                        verbose_name="the assistant may be asked for",
                    ),
                ),
                (
                    "routes",
                    models.CharField(
                        choices=[
                            ("any", "All models"),
                            ("local", "Local models only: no text leaves this installation"),
                        ],
                        default="any",
                        max_length=5,
                        verbose_name="models",
                    ),
                ),
                (
                    "spenders",
                    models.CharField(
                        choices=[
                            ("everyone", "Everybody who may edit"),
                            ("editors", "Owners, and editors who were invited themselves (not all of a team)"),
                            ("owners", "Owners only"),
                        ],
                        default="everyone",
                        max_length=8,
                        verbose_name="who may ask",
                    ),
                ),
                (
                    "screening",
                    models.CharField(
                        choices=[
                            ("usual", "As the rules say"),
                            ("strict", "Strictly: what would only be noted waits for a reviewer"),
                        ],
                        default="usual",
                        max_length=6,
                        verbose_name="requests are screened",
                    ),
                ),
                (
                    "after_checks",
                    models.CharField(
                        choices=[
                            ("none", "As the installation is set up"),
                            ("transcripts", "Every answer"),
                            ("everything", "Every answer, and the document when it was changed"),
                        ],
                        default="none",
                        max_length=11,
                        verbose_name="looked at afterwards",
                    ),
                ),
                ("reason", models.CharField(help_text="Shown to those for whom it holds.", max_length=300)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="documents.document",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="teams.team",
                    ),
                ),
                (
                    "tier",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="quotas.tier",
                    ),
                ),
            ],
            options={
                "verbose_name": "policy",
                "verbose_name_plural": "policies",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["document", "-version"], name="policy_of_document"),
                    models.Index(condition=models.Q(("document", None)), fields=["id"], name="policy_of_no_document"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tier", "team", "document", "version"), name="policy_version_once", nulls_distinct=False
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("team", None), ("tier", None)),
                            models.Q(("document", None), ("tier", None)),
                            models.Q(("document", None), ("team", None)),
                            _connector="OR",
                        ),
                        name="policy_of_one",
                        violation_error_message="Choose a tier, a team or a document; none of them: everywhere.",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORBID_CHANGES, ALLOW_CHANGES),
    ]
