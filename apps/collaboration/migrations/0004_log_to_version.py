from django.db import migrations, models

from apps.core.online_index import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("collaboration", "0003_versions")]

    operations = [
        AddIndexOnline(
            "documentlog",
            models.Index(
                condition=models.Q(("head__gt", models.F("version_position"))),
                fields=["document"],
                name="log_to_version",
            ),
        ),
    ]
