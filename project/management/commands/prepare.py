"""`manage.py prepare`: what has to be done once before the processes of a version start."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from apps.accounts.services import create_first_admin


class Command(BaseCommand):
    help = "Migrate the database and, where there is no admin yet, create one and print how to log in once."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        created = create_first_admin()
        if created:
            email, password = created
            self.stdout.write(f"Admin:    {email}\nPassword: {password}  (shown this once; change it after logging in)")
