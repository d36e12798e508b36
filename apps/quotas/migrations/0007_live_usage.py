import django.contrib.postgres.indexes
from django.db import migrations

from apps.core.online_index import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False  # people go on writing meanwhile

    dependencies = [
        ("quotas", "0006_smaller_models"),
    ]

    operations = [
        AddIndexOnline(
            model_name="entry",
            index=django.contrib.postgres.indexes.BrinIndex(
                "day", autosummarize=True, name="entry_of_day", pages_per_range=16
            ),
        ),
    ]
