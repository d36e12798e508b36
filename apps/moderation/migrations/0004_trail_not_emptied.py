"""The audit trail is not emptied by TRUNCATE either: that passes triggers of rows by.

A restored backup takes the place of the whole trail; whoever restores one says so in its transaction.
"""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION moderation_audit_not_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('interline.audit_may_be_emptied', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'the audit trail is append-only';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER moderation_audit_not_emptied BEFORE TRUNCATE ON moderation_auditrecord
    FOR EACH STATEMENT EXECUTE FUNCTION moderation_audit_not_emptied();
"""
UNGUARD = """
DROP TRIGGER moderation_audit_not_emptied ON moderation_auditrecord;
DROP FUNCTION moderation_audit_not_emptied();
"""


class Migration(migrations.Migration):
    dependencies = [("moderation", "0003_cases")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
