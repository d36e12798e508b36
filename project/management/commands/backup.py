"""`manage.py backup`: a whole installation in one file, taken while people write."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from project.archive.backup import write_archive
from project.archive.container import ArchiveRefused
from project.archive.keys import read_key_file
from project.offline import run_with_servers


class Command(BaseCommand):
    help = (
        "Write everything that must not be lost into FILE: documents with their history, transcripts, decisions, "
        "accounts with their second factors. All of it as of one moment; people may go on writing. Encrypted texts "
        "stay encrypted, and the keys are not in the file: keep FIELD_ENCRYPTION_KEYS elsewhere."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--force", action="store_true", help="overwrite FILE where it exists")
        parser.add_argument(
            "--key-file",
            type=Path,
            metavar="PATH",
            help="encrypt the encrypted texts in the archive with the Fernet key in this file, instead of our own",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"].absolute()
        if path.is_dir() or (path.exists() and not options["force"]):
            raise CommandError(f"{path} exists already. Choose another name, or add --force.")
        status = run_with_servers()
        if status is not None:
            sys.exit(status)
        try:
            key = read_key_file(options["key_file"]) if options["key_file"] else None
            manifest = write_archive(path, to_key=key)
        except ArchiveRefused as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(f"{path} could not be written: {error.strerror or error}. No file was left.") from None
        rows = {part.table: part.rows for part in manifest.parts}
        self.stdout.write(
            f"{path}: {path.stat().st_size:,} bytes, {rows['documents_document']:,} documents, "
            f"{rows['assistant_generation']:,} transcripts, {rows['accounts_user']:,} accounts, "
            f"as of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC."
        )
        if manifest.keys:
            self.stdout.write(f"Needed to read its encrypted texts: the keys {', '.join(manifest.keys)}.")
        if manifest.unreadable:
            self.stderr.write(f"{manifest.unreadable:,} encrypted texts could not be read with any key here.")
