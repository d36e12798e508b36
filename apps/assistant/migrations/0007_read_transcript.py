from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("assistant", "0006_story")]

    operations = [
        migrations.AlterModelOptions(
            name="generation",
            options={"permissions": [("read_transcript", "Can read transcripts, giving a reason")]},
        ),
    ]
