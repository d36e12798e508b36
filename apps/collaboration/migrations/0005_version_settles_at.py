from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("collaboration", "0004_log_to_version")]

    operations = [
        migrations.AddField(
            model_name="documentversion",
            name="settles_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="documentversion",
            index=models.Index(
                fields=["log"], name="version_to_settle", condition=models.Q(("settles_at__isnull", False))
            ),
        ),
    ]
