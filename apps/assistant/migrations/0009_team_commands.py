"""A team is a third owner of commands. Processes of the version before know of two, and show none of a team's."""

import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("teams", "0001_initial"), ("assistant", "0008_sealed_notes")]

    operations = [
        migrations.AddField(
            "command",
            "team",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="commands",
                to="teams.team",
            ),
        ),
        migrations.RemoveConstraint("command", "command_has_one_owner"),
        migrations.AddConstraint(
            "command",
            models.CheckConstraint(
                condition=models.Q(user__isnull=True, document__isnull=False, team__isnull=True)
                | models.Q(user__isnull=False, document__isnull=True, team__isnull=True)
                | models.Q(user__isnull=True, document__isnull=True, team__isnull=False),
                name="command_has_one_owner_of_three",
            ),
        ),
        migrations.AddConstraint(
            "command",
            models.UniqueConstraint(
                models.F("team"),
                django.db.models.functions.text.Lower("name"),
                name="command_once_per_team",
            ),
        ),
    ]
