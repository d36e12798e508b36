"""`manage.py export_person`: a copy of everything that is a person's."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from project.personal.export import write_export


class Command(BaseCommand):
    help = "Write what is kept about the account EMAIL into the ZIP archive FILE. That is in the audit trail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError("There is no account with this address.")
        try:
            with options["file"].open("xb") as file:
                write_export(user, file)
        except FileExistsError:
            raise CommandError(f"{options['file']} exists already. Choose another name.") from None
        except OSError as error:
            raise CommandError(f"{options['file']} could not be written: {error.strerror or error}.") from None
        self.stdout.write(f"{options['file']}: {options['file'].stat().st_size:,} bytes.")
