"""The tiers an installation begins with, and a ledger that PostgreSQL itself keeps append-only."""

from django.db import migrations

MILLION = 1_000_000
# name, label, tokens per day, week and month, price hint
TIERS = (
    ("free", "Free", 1 * MILLION, 4 * MILLION, 12 * MILLION, "Without charge"),
    ("pro", "Pro", 5 * MILLION, 20 * MILLION, 60 * MILLION, ""),
    ("team", "Team", 10 * MILLION, 40 * MILLION, 120 * MILLION, ""),
    ("unlimited", "Unlimited", None, None, None, ""),
)

FORBID_CHANGES = """
CREATE OR REPLACE FUNCTION quotas_ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: corrections are rows too';
END $$;
CREATE TRIGGER quotas_entry_append_only BEFORE UPDATE OR DELETE ON quotas_entry
    FOR EACH ROW EXECUTE FUNCTION quotas_ledger_is_append_only();
"""
ALLOW_CHANGES = """
DROP TRIGGER quotas_entry_append_only ON quotas_entry;
DROP FUNCTION quotas_ledger_is_append_only();
"""


def make_tiers(apps, _):
    tier = apps.get_model("quotas", "Tier")
    for rank, (name, label, day, week, month, price) in enumerate(TIERS):
        tier.objects.get_or_create(
            name=name,
            defaults={
                "label": label,
                "rank": rank,
                "is_default": name == "free" and not tier.objects.filter(is_default=True).exists(),
                "tokens_per_day": day,
                "tokens_per_week": week,
                "tokens_per_month": month,
                "price_hint": price,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("quotas", "0001_tiers_and_ledger")]

    operations = [
        migrations.RunPython(make_tiers, migrations.RunPython.noop),
        migrations.RunSQL(FORBID_CHANGES, ALLOW_CHANGES),
    ]
