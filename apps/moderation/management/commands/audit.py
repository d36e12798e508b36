"""`manage.py audit`: prove the audit trail, note its end, take it out."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core import deeds
from apps.moderation import audit
from apps.moderation.export import as_csv, as_json_lines
from apps.moderation.models import AuditRecord

FINDINGS_SHOWN = 100


class Command(BaseCommand):
    help = "Prove that the audit trail is as it was written, or take it out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        verify = does.add_parser("verify", help="look at every record; ends with status 1 where one was tampered with")
        verify.add_argument(
            "--expect", default="", metavar="HASH", help="a hash noted earlier (audit head); it has to be in the chain"
        )
        does.add_parser("head", help="print the number and hash of the last record, to note elsewhere")
        export = does.add_parser("export", help="write the records, oldest first, to FILE or to standard output")
        export.add_argument("file", nargs="?", type=Path, metavar="FILE")
        export.add_argument("--format", choices=["csv", "jsonl"], default="csv")
        export.add_argument("--after", type=int, default=0, metavar="SEQ", help="only records after this one")

    def handle(self, *args: Any, **options: Any) -> None:
        {"verify": self._verify, "head": self._head, "export": self._export}[options["does"]](options)

    def _verify(self, options: dict[str, Any]) -> None:
        count = 0
        for found in audit.verify(options["expect"]):
            count += 1
            if count <= FINDINGS_SHOWN:
                self.stdout.write(self.style.ERROR(str(found)))
        seq, hash_ = audit.head()
        if count:
            self.stdout.write(f"{count:,} findings. The audit trail was tampered with.")
            sys.exit(1)
        self.stdout.write(f"{seq:,} records, all as they were written. The last has the hash {hash_}.")

    def _head(self, options: dict[str, Any]) -> None:
        seq, hash_ = audit.head()
        self.stdout.write(f"{seq} {hash_}")

    def _export(self, options: dict[str, Any]) -> None:
        deeds.tell("audit.exported", format=options["format"], after=options["after"])
        records = AuditRecord.objects.filter(seq__gt=options["after"]).order_by("seq")
        lines = as_csv(records) if options["format"] == "csv" else as_json_lines(records)
        if options["file"] is None:
            for line in lines:
                self.stdout.write(line, ending="")
            return
        try:
            with options["file"].open("x", encoding="utf-8", newline="") as file:
                file.writelines(lines)
        except FileExistsError:
            raise CommandError(f"{options['file']} exists already. Choose another name.") from None
        except OSError as error:
            raise CommandError(f"{options['file']} could not be written: {error.strerror or error}.") from None
