"""`manage.py restore`: an archive into an empty database, whole or not at all."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from project.archive.container import ArchiveRefused
from project.archive.keys import read_key_file
from project.archive.restore import differing_settings, restore_archive
from project.offline import run_with_servers


class Command(BaseCommand):
    help = (
        "Restore FILE, which `manage.py backup` wrote, of this version or an older one. Stop web processes, "
        "generators, workers and beat first; PostgreSQL and Redis stay (with `make run`: stop it, the command starts "
        "both for itself). Everything is checked before anything is changed, and done in one transaction. People have "
        "to log in again; browsers that were offline bring back what they typed since."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--replace", action="store_true", help="throw away everything the database holds, and restore"
        )
        parser.add_argument(
            "--ignore-running",
            action="store_true",
            help="restore although something seems to run (a killed process is listed for some seconds)",
        )
        parser.add_argument(
            "--key-file",
            type=Path,
            metavar="PATH",
            help="a Fernet key of the archive that is not in FIELD_ENCRYPTION_KEYS; the texts it opens are encrypted "
            "with our newest key",
        )
        parser.add_argument(
            "--accept-unreadable",
            action="store_true",
            help="restore although a key is missing; texts encrypted with it cannot be read then",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        status = run_with_servers()
        if status is not None:
            sys.exit(status)
        try:
            manifest = restore_archive(
                options["file"],
                replace=options["replace"],
                ignore_running=options["ignore_running"],
                accept_unreadable=options["accept_unreadable"],
                more_key=read_key_file(options["key_file"]) if options["key_file"] else None,
            )
        except ArchiveRefused as error:
            raise CommandError(str(error)) from None
        rows = sum(part.rows for part in manifest.parts)
        self.stdout.write(
            f"Restored {rows:,} rows as of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC. People have to log in again."
        )
        for line in differing_settings(manifest):
            self.stdout.write(f"A setting is different: {line}")
