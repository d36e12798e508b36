"""`manage.py rotate_encryption`: stored texts get the newest key, while people go on working."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.core import deeds
from apps.core.rotation import rotate_all

BATCH_ROWS = 500


class Command(BaseCommand):
    help = (
        "Encrypt all stored texts with the newest of FIELD_ENCRYPTION_KEYS. First put the new key in front of the old "
        "ones and restart every process; then run this, while people go on working; then the old keys may go. It can "
        "be stopped and run again. Ends with status 1 where a text opens with none of the keys."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say what still has an older key")
        parser.add_argument("--batch", type=int, default=BATCH_ROWS, metavar="ROWS", help="rows per transaction")

    def handle(self, *args: Any, **options: Any) -> None:
        rotated = unreadable = 0
        for found in rotate_all(batch_rows=max(1, options["batch"]), dry=options["check"]):
            rotated, unreadable = rotated + found.rotated, unreadable + found.unreadable
            self.stdout.write(
                f"{found.table}.{found.column}: {found.current:,} current, {found.rotated:,} "
                f"{'older' if options['check'] else 'rotated'}, {found.unreadable:,} unreadable"
            )
        if not options["check"]:
            deeds.tell("encryption.rotated", values=rotated, unreadable=unreadable)
        if unreadable:
            self.stderr.write(f"{unreadable:,} texts open with none of the keys. Do not remove any key yet.")
            sys.exit(1)
        if options["check"]:
            sys.exit(1 if rotated else 0)
        self.stdout.write("Every stored text has the newest key. The older ones are needed for old backups only.")
