"""Models that run in the installation itself can be marked so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("llm", "0002_smaller_models"),
    ]

    operations = [
        migrations.AddField(
            model_name="routemodel",
            name="is_local",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="It runs in this installation: no text leaves it. Policies may allow such models only.",
                verbose_name="local",
            ),
        ),
    ]
