"""The audit trail, chained and kept append-only by PostgreSQL itself."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import apps.core.encryption

# Chained at the commit: the head's row lock is then the last thing a transaction takes, and lasts for the commit alone.
# Functions outlive their tables, which a restored archive of an older version has made anew: hence OR REPLACE.
# Under REPEATABLE READ a writer that was overtaken fails to serialise, so that the chain never forks.
CHAIN = r"""
CREATE OR REPLACE FUNCTION moderation_audit_chain() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    link record;
    mine text;
BEGIN
    INSERT INTO moderation_audithead (id, seq, hash) VALUES (1, 0, repeat('0', 64)) ON CONFLICT (id) DO NOTHING;
    SELECT head.seq + 1 AS seq, head.hash INTO link FROM moderation_audithead AS head WHERE head.id = 1 FOR UPDATE;
    mine := encode(sha256(convert_to(link.seq || E'\n' || link.hash || E'\n' || NEW.payload, 'UTF8')), 'hex');
    UPDATE moderation_auditrecord SET seq = link.seq, previous_hash = link.hash, hash = mine WHERE id = NEW.id;
    UPDATE moderation_audithead SET seq = link.seq, hash = mine WHERE id = 1;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER moderation_audit_chain AFTER INSERT ON moderation_auditrecord
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.hash = '') EXECUTE FUNCTION moderation_audit_chain();

CREATE OR REPLACE FUNCTION moderation_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.hash = '' AND NEW.hash <> '' AND to_jsonb(NEW) - '{seq,previous_hash,hash}'::text[]
                = to_jsonb(OLD) - '{seq,previous_hash,hash}'::text[] THEN
            RETURN NEW;  -- takes its place in the chain
        END IF;
        IF NEW.address = '' AND NEW.salt = '' AND to_jsonb(NEW) - '{address,salt}'::text[]
                = to_jsonb(OLD) - '{address,salt}'::text[] THEN
            RETURN NEW;  -- loses its address
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only';
END $$;
CREATE TRIGGER moderation_audit_append_only BEFORE UPDATE OR DELETE ON moderation_auditrecord
    FOR EACH ROW EXECUTE FUNCTION moderation_audit_append_only();
"""
UNCHAIN = """
DROP TRIGGER moderation_audit_append_only ON moderation_auditrecord;
DROP FUNCTION moderation_audit_append_only();
DROP TRIGGER moderation_audit_chain ON moderation_auditrecord;
DROP FUNCTION moderation_audit_chain();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="AuditAnchor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed", apps.core.encryption.EncryptedTextField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.PositiveBigIntegerField()),
                ("hash", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="AuditRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("action", models.CharField(max_length=60)),
                ("target_kind", models.CharField(blank=True, max_length=60)),
                ("target_id", models.CharField(blank=True, max_length=64)),
                ("request_id", models.CharField(blank=True, max_length=64)),
                ("created_at", models.DateTimeField()),
                ("address", models.CharField(blank=True, max_length=64)),
                ("salt", models.CharField(blank=True, max_length=32)),
                ("payload", models.TextField()),
                ("seq", models.PositiveBigIntegerField(null=True, unique=True)),
                ("previous_hash", models.CharField(blank=True, max_length=64)),
                ("hash", models.CharField(blank=True, max_length=64)),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["actor", "id"], name="audit_by_actor"),
                    models.Index(fields=["target_id", "id"], name="audit_by_target"),
                    models.Index(fields=["action", "id"], name="audit_by_action"),
                    models.Index(fields=["created_at"], name="audit_by_time"),
                ],
            },
        ),
        migrations.RunSQL(CHAIN, UNCHAIN),
    ]
