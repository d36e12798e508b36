"""What the assistant wrote into sheets is encrypted too. Processes of the version before read and write the old column."""

from django.db import migrations, models

import apps.core.encryption

BATCH_ROWS = 500


def seal(apps_, _):
    entries = apps_.get_model("assistant", "SheetEntry")
    while batch := list(entries.objects.filter(note=None).exclude(plain_note="")[:BATCH_ROWS]):
        for entry in batch:
            entry.note, entry.plain_note = entry.plain_note, ""
        entries.objects.bulk_update(batch, ["note", "plain_note"])


def unseal(apps_, _):
    entries = apps_.get_model("assistant", "SheetEntry")
    while batch := list(entries.objects.exclude(note=None)[:BATCH_ROWS]):
        for entry in batch:
            entry.note, entry.plain_note = None, entry.note
        entries.objects.bulk_update(batch, ["note", "plain_note"])


class Migration(migrations.Migration):
    dependencies = [("assistant", "0007_read_transcript")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField("sheetentry", "note"),
                migrations.AddField(
                    "sheetentry", "plain_note", models.TextField(blank=True, db_column="note", default="")
                ),
            ]
        ),
        migrations.AddField(
            "sheetentry",
            "note",
            apps.core.encryption.EncryptedTextField(blank=True, db_column="sealed_note", default=None, null=True),
        ),
        migrations.AlterField(
            "sheetentry",
            "note",
            apps.core.encryption.EncryptedTextField(blank=True, db_column="sealed_note", default=str, null=True),
        ),
        migrations.RunPython(seal, unseal),
    ]
