"""Prints the JSON schema of the assistant socket, from which the TypeScript types are made (`npm run types`)."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from apps.assistant.messages.schema import json_schema


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, *arguments: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(json_schema(), indent=2))
