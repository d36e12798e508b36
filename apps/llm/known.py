"""Whether litellm knows a model's provider: asked in a process of its own, as importing it takes seconds and 170 MB."""

import subprocess
import sys
from collections.abc import Sequence

from django.conf import settings

from apps.llm.routes import is_demo

CODE = """
import sys
import litellm

litellm.suppress_debug_info = True
for model in sys.argv[1:]:
    try:
        name, *_ = litellm.get_llm_provider(model)
    except Exception:
        print(model)
    else:
        name or print(model)
"""


class CannotCheck(Exception):
    """litellm could not be asked in time."""


def unknown_models(models: Sequence[str]) -> list[str]:
    """Return those of `models` whose provider litellm does not know. Takes seconds. Raises CannotCheck."""
    asked = [model for model in models if not is_demo(model)]
    if not asked:
        return []
    try:
        done = subprocess.run(
            [sys.executable, "-c", CODE, *asked],
            capture_output=True,
            text=True,
            check=True,
            timeout=settings.AI_MODEL_CHECK_SECONDS,
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise CannotCheck from error
    printed = set(done.stdout.splitlines())
    return [model for model in asked if model in printed]
