import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [("documents", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="DocumentLog",
            fields=[
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="log",
                        serialize=False,
                        to="documents.document",
                    ),
                ),
                ("head", models.BigIntegerField(default=0)),
                ("snapshot_position", models.BigIntegerField(default=0)),
                ("projected_position", models.BigIntegerField(default=0)),
                ("snapshot_bytes", models.BigIntegerField(default=0)),
                ("tail_bytes", models.BigIntegerField(default=0)),
                ("nesting", models.PositiveIntegerField(default=0)),
                ("unfinished_loads", models.PositiveIntegerField(default=0)),
                ("quarantined_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("head__gt", models.F("projected_position"))),
                        fields=["document"],
                        name="log_to_project",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="DocumentSnapshot",
            fields=[
                (
                    "log",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="snapshot",
                        serialize=False,
                        to="collaboration.documentlog",
                    ),
                ),
                ("position", models.BigIntegerField()),
                ("data", models.BinaryField()),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="DocumentUpdate",
            fields=[
                (
                    "log",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="updates",
                        to="collaboration.documentlog",
                    ),
                ),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "log_id", "position", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("position", models.BigIntegerField()),
                ("data", models.BinaryField()),
                ("author_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
        ),
    ]
