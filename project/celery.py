"""The Celery application: `celery -A project worker` and `celery -A project beat`.

Tasks carry the request id of whoever asked for them; a worker tells by a key in Redis that it is alive.
"""

import atexit
import os
import socket
import warnings
from typing import Any

from celery import Celery, signals
from celery.platforms import SecurityWarning

from apps.core.error_reports import start_error_reports
from apps.core.ids import adopt_request_id, request_id
from project import tracing  # noqa: F401  (hears of every task)
from project.heartbeat import Heart, beat_once, forget
from project.metrics import tasks  # noqa: F401  (hears of every task)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

# Celery warns root because of pickled messages; ours are JSON.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("interline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery sets up logging of its own unless somebody listens here; Django has set ours up."""


@signals.before_task_publish.connect
def send_request_id(headers: dict[str, Any], **_: Any) -> None:
    headers["request_id"] = request_id.get()


@signals.task_prerun.connect
def adopt_task_request_id(task: Any, **_: Any) -> None:
    request_id.set(adopt_request_id(getattr(task.request, "request_id", None) or ""))


@signals.task_postrun.connect
def forget_request_id(**_: Any) -> None:
    request_id.set("-")


@signals.heartbeat_sent.connect
def beat_heart(**_: Any) -> None:
    """Keep the key `/readyz` looks for alive. Celery calls this about every two seconds."""
    beat_once("worker", _worker_name())


@signals.worker_shutdown.connect
def stop_beating(**_: Any) -> None:
    forget("worker", _worker_name())


def _worker_name() -> str:
    return f"{socket.gethostname()[:30]}-{os.getpid()}"


@signals.worker_process_init.connect
def start_worker_reports(**_: Any) -> None:
    start_error_reports("worker")


@signals.beat_init.connect
def start_heart(**_: Any) -> None:
    start_error_reports("beat")
    atexit.register(Heart("beat").stop)  # Celery has no signal for beat's end
