"""What recording costs, and how long figures of a million events take.

    python -m tests.benchmarks.bench_analytics

Recording: the events of a socket as a share of what the cheapest socket costs, in CPU; the limit is 1 %.
Rolling up: generations, decisions and socket events, a million together over a day; the
limit is 60 s.
"""

import statistics
import sys
import time
from contextlib import suppress
from uuid import uuid4

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.benchmarks.crowd import running_stack
from tests.processes import Processes

GENERATIONS, DECISIONS, EVENTS = 300_000, 200_000, 500_000
NOTED, ROUNDS = 5_000, 9
LIMIT_SECONDS, LIMIT_SHARE = 60.0, 0.01
EVENTS_PER_SOCKET = 2  # opened and closed
SOCKETS = 400

GENERATE = """
INSERT INTO assistant_generation (id, document_id, user_id, action, visibility, input, options, model, prompt_version,
    tier, experiment, arm, request_id, state, epoch, worker, lengths, last_seq, error_code, attempts, prompt_tokens,
    completion_tokens, created_at, started_at, first_token_at, ended_at)
SELECT gen_random_uuid(), %(document)s, %(user)s, (ARRAY['continue','complete','grammar','rewrite','chat'])[1 + n %% 5],
    'shared', %(input)s, '{}', (ARRAY['openai/a','openai/b','openai/c'])[1 + n %% 3], 'continue-2',
    (ARRAY['free','pro'])[1 + n %% 2], '', '', 'bench', (ARRAY['done','done','done','failed'])[1 + n %% 4], 1, 'w',
    '{}', 3, '', jsonb_build_array(jsonb_build_object('model', 'openai/a', 'outcome', 'done', 'prompt_tokens', 100,
    'completion_tokens', 50)), 100, 50, at, at, at + random() * interval '1 second', at + interval '3 seconds'
FROM (SELECT n, %(start)s + random() * interval '23 hours' AS at FROM generate_series(1, %(count)s) AS n) AS made
"""
DECIDE = """
INSERT INTO assistant_decision (generation_id, user_id, edit_id, decision, seq, created_at)
SELECT id, user_id, '', (ARRAY['accepted','edited','rejected'])[1 + floor(random() * 3)::int], 3,
    ended_at + interval '5 seconds'
FROM assistant_generation LIMIT %(count)s
"""
HAPPEN = """
INSERT INTO analytics_event (at, kind, subject, code, amount, seconds)
SELECT %(start)s + random() * interval '23 hours',
    (ARRAY['socket_opened','socket_closed','socket_resumed'])[1 + n %% 3],
    (ARRAY['sync','assistant'])[1 + n %% 2], '', 1, 20
FROM generate_series(1, %(count)s) AS n
"""


def recording_is_dear(processes: Processes) -> bool:
    """Compare the CPU of an event, noted and written, with that of a socket that is opened, refused and closed."""
    from apps.analytics.events import Noted, Recorder  # noqa: PLC0415

    recorder = Recorder()
    recorder._start = lambda: None  # type: ignore[method-assign]  # its thread would take its turns in between
    noting, writing = [], []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(NOTED):
            recorder.note(Noted(time.time(), "socket_opened", "sync"))
        noting.append((time.process_time() - started) / NOTED)
        started = time.process_time()
        recorder.flush()
        writing.append((time.process_time() - started) / NOTED)
    noted, written = statistics.median(noting), statistics.median(writing)  # a round may meet the machine's other work
    socket = cpu_of_a_socket(processes)
    share = EVENTS_PER_SOCKET * (noted + written) / socket
    print("| CPU | µs |\n|---|---|")
    print(f"| a socket without a session: opened, refused, closed | {socket * 1e6:.0f} |")
    print(f"| an event, noted on the event loop | {noted * 1e6:.2f} |")
    print(f"| an event, written down by the thread | {written * 1e6:.2f} |")
    print(f"The {EVENTS_PER_SOCKET} events of such a socket are {share:.2%} of it.")
    return share > LIMIT_SHARE


def cpu_of_a_socket(processes: Processes) -> float:
    """Return the seconds of CPU that a web process takes for the cheapest socket there is."""
    import psutil  # noqa: PLC0415

    web = processes.web()
    watched = psutil.Process(web.pid)
    address = f"{web.socket_url}/ws/sync/{uuid4()}"

    def open_and_close() -> None:
        with suppress(ConnectionClosed), connect(address, origin=Origin(web.url), close_timeout=1) as socket:
            socket.recv()

    for _ in range(SOCKETS // 10):
        open_and_close()
    before = sum(watched.cpu_times()[:2])
    for _ in range(SOCKETS):
        open_and_close()
    used = sum(watched.cpu_times()[:2]) - before
    web.stop()
    return float(used) / SOCKETS


def rolling_up_is_slow() -> bool:
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415

    from django.db import connection  # noqa: PLC0415

    from apps.accounts.models import User  # noqa: PLC0415
    from apps.analytics.rollups import roll_up  # noqa: PLC0415
    from apps.core.encryption import EncryptedJSONField  # noqa: PLC0415
    from apps.documents.models import Document  # noqa: PLC0415

    start = datetime.now(UTC) - timedelta(hours=26)
    sealed = EncryptedJSONField().get_prep_value({"text_before": "It was late."})
    user, document = User.objects.create_user("bench@example.org"), Document.objects.create()
    rows = {"document": document.pk, "user": user.pk, "input": sealed, "start": start}
    with connection.cursor() as cursor:
        cursor.execute(GENERATE, {**rows, "count": GENERATIONS})
        cursor.execute(DECIDE, {"count": DECISIONS})
        cursor.execute(HAPPEN, {"start": start, "count": EVENTS})
        cursor.execute("ANALYZE")
    started = time.perf_counter()
    hours = roll_up()
    took = time.perf_counter() - started
    total = GENERATIONS + DECISIONS + EVENTS
    share = took / LIMIT_SECONDS
    print(f"\n{total:,} events of {hours} hours, rolled up by hour and day: {took:.1f} s ({share:.2f} of the limit)")
    return took > LIMIT_SECONDS


def main() -> int:
    """Measure, print tables, and return 1 where a limit is passed."""
    with running_stack(LOG_LEVEL="WARNING") as processes:
        return int(recording_is_dear(processes)) | int(rolling_up_is_slow())


if __name__ == "__main__":
    sys.exit(main())
