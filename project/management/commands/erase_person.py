"""`manage.py erase_person`: forget a person."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from apps.core.errors import InterlineError
from project.personal.erasure import Plan, erase, plan_of


class Command(BaseCommand):
    help = (
        "Erase the account EMAIL: what only they are in is deleted, what others are in goes on with another owner. "
        "Without --yes it only says what would happen."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--yes", action="store_true", help="do it; this cannot be undone")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError("There is no account with this address.")
        if not options["yes"]:
            self._show(plan_of(user), "would be")
            self.stdout.write("Nothing was changed. Add --yes to erase the account.")
            return
        try:
            plan = erase(user)
        except InterlineError as error:
            raise CommandError(error.message) from None
        self._show(plan, "were")
        self.stdout.write(f"The account was erased. What still refers to it names {user.pk}.")

    def _show(self, plan: Plan, verb: str) -> None:
        self.stdout.write(f"{len(plan.documents_deleted):,} documents {verb} deleted.")
        self.stdout.write(f"{len(plan.documents_passed_on):,} documents {verb} passed on.")
        self.stdout.write(f"{len(plan.teams_deleted):,} teams {verb} deleted.")
        self.stdout.write(f"{len(plan.teams_passed_on):,} teams {verb} passed on.")
