"""Limits and rates of the sync socket and the document log. Each can be set by an environment variable of its name."""

from typing import Any

from project.settings.environment import env

# One frame. An update of this size is about 40,000 words pasted at once; a larger one closes with 4413.
SYNC_MAX_UPDATE_BYTES = env.int("SYNC_MAX_UPDATE_BYTES", 1 << 20)
SYNC_MAX_AWARENESS_BYTES = env.int("SYNC_MAX_AWARENESS_BYTES", 8 << 10)
SYNC_MAX_STATE_VECTOR_BYTES = env.int("SYNC_MAX_STATE_VECTOR_BYTES", 256 << 10)
SYNC_MAX_DOCUMENT_BYTES = env.int("SYNC_MAX_DOCUMENT_BYTES", 64 << 20)  # snapshot and tail together

# The structure of an update (see `apps.collaboration.structure`).
SYNC_MAX_NESTING = env.int("SYNC_MAX_NESTING", 256)  # shared types inside each other; pycrdt crashes at 10,900
SYNC_REMEASURE_NESTING = env.int("SYNC_REMEASURE_NESTING", 96)  # a room that loads a higher bound measures it anew
SYNC_CHECK_IN_THREAD_BYTES = env.int("SYNC_CHECK_IN_THREAD_BYTES", 8 << 10)  # about 3 ms of the event loop

# One connection: token buckets of messages and of bytes; who overdraws is closed with 4529.
SYNC_MESSAGES_PER_SECOND = env.int("SYNC_MESSAGES_PER_SECOND", 500)
SYNC_MESSAGES_BURST = env.int("SYNC_MESSAGES_BURST", 5_000)
SYNC_BYTES_PER_SECOND = env.int("SYNC_BYTES_PER_SECOND", 2 << 20)
SYNC_BYTES_BURST = env.int("SYNC_BYTES_BURST", 16 << 20)
# A client that leaves more than this unread gets nothing more until it has read it, then all it missed in one update.
SYNC_WINDOW_BYTES = env.int("SYNC_WINDOW_BYTES", 256 << 10)
SYNC_SEND_TIMEOUT_SECONDS = 10  # a client that takes nothing for so long: 4508 (on servers that do not see to it)
SYNC_INBOUND_MAX_BYTES = env.int("SYNC_INBOUND_MAX_BYTES", 1 << 20)  # while the room loads or checks; then not read
SYNC_CONNECTIONS_PER_PERSON = env.int("SYNC_CONNECTIONS_PER_PERSON", 64)  # of one document, in one process: 4529
SYNC_CONNECTIONS_PER_DOCUMENT = env.int("SYNC_CONNECTIONS_PER_DOCUMENT", 1_000)  # in one process: 4529

# People's cursors.
SYNC_PRESENCE_MAX_CLIENTS = env.int("SYNC_PRESENCE_MAX_CLIENTS", 2_000)  # remembered per room, those gone included
SYNC_PRESENCE_TIMEOUT_SECONDS = 45.0  # clients renew theirs every 15 s
SYNC_RECHECK_SECONDS = env.float("SYNC_RECHECK_SECONDS", 20.0)  # how often every socket's permission is looked up again

# Rooms.
SYNC_ROOM_GRACE_SECONDS = env.float("SYNC_ROOM_GRACE_SECONDS", 15.0)  # kept after the last client has left
SYNC_REPAIR_SECONDS = env.float("SYNC_REPAIR_SECONDS", 0.7)  # how often open rooms are compared with the log
SYNC_TITLE_SECONDS = 0.3  # how soon a changed title is in the list of documents
SYNC_GAP_SECONDS = 0.1  # how long a notice out of order may stay alone before the log is read
SYNC_HELLO_SECONDS = 10.0  # how often processes that share a room say so
SYNC_PEER_SECONDS = 30.0  # another process that was silent for so long has left the room
SYNC_LOADS_AT_ONCE = env.int("SYNC_LOADS_AT_ONCE", 4)
SYNC_LOAD_IN_THREAD_UPDATES = 2_000  # a longer tail is applied beside the event loop; shorter ones take 10 ms
SYNC_FOLD_ON_LOAD_UPDATES = env.int("SYNC_FOLD_ON_LOAD_UPDATES", 5_000)  # a longer tail is folded by who loads it
SYNC_CRASHED_LOADS_MAX = 2  # a document whose load ended its process so often is quarantined
SYNC_NOTICE_MAX_BYTES = env.int("SYNC_NOTICE_MAX_BYTES", 8 << 10)  # larger ones carry positions only
SYNC_NOTICE_SECONDS = 0.004  # notices of so long a time travel in one write
SYNC_NOTICE_TIMEOUT_SECONDS = 1.0  # then Redis is taken for away, and readers find in the log what it was to tell

# The journal. The first update after a pause is committed at once, more of them in groups this far apart.
SYNC_JOURNAL_SECONDS = env.float("SYNC_JOURNAL_SECONDS", 0.2)  # a commit costs 2 ms of CPU
SYNC_JOURNAL_SHARED_SECONDS = env.float("SYNC_JOURNAL_SHARED_SECONDS", 0.02)  # while other processes have the room too
SYNC_JOURNAL_BATCH_ROWS = env.int("SYNC_JOURNAL_BATCH_ROWS", 4_000)
SYNC_JOURNAL_BATCH_BYTES = env.int("SYNC_JOURNAL_BATCH_BYTES", 8 << 20)
SYNC_JOURNAL_MAX_BYTES = env.int("SYNC_JOURNAL_MAX_BYTES", 64 << 20)  # waiting for PostgreSQL; then 4513
SYNC_JOURNAL_RETRY_SECONDS = 0.5
SYNC_DATABASE_WAIT_SECONDS = 5.0  # for a connection; a client that waits for its room then gets 4513
SYNC_JOURNAL_FLUSH_SECONDS = 5.0  # at an orderly shutdown

# Celery's part.
SYNC_COMPACT_UPDATES = env.int("SYNC_COMPACT_UPDATES", 500)  # a longer tail is folded into the snapshot
SYNC_COMPACT_BYTES = env.int("SYNC_COMPACT_BYTES", 256 << 10)
SYNC_SWEEP_SECONDS = env.float("SYNC_SWEEP_SECONDS", 3.0)
SYNC_SWEEP_DOCUMENTS = env.int("SYNC_SWEEP_DOCUMENTS", 200)  # per sweep and kind of work

# Versions people go back to. One is made when a document rests, and now and then while it does not.
VERSION_REST_SECONDS = env.int("VERSION_REST_SECONDS", 5 * 60)  # without an edit
VERSION_INTERVAL_SECONDS = env.int("VERSION_INTERVAL_SECONDS", 20 * 60)  # of work that goes on
VERSION_SWEEP_SECONDS = env.float("VERSION_SWEEP_SECONDS", 30.0)
VERSION_THIN_SECONDS = env.float("VERSION_THIN_SECONDS", 3_600.0)
VERSION_THIN_DOCUMENTS = env.int("VERSION_THIN_DOCUMENTS", 1_000)  # at a time
# Of those without a name all are kept at first, then the last of each hour, then the last of each day.
VERSION_KEEP_ALL_HOURS = env.int("VERSION_KEEP_ALL_HOURS", 24)
VERSION_KEEP_HOURLY_DAYS = env.int("VERSION_KEEP_HOURLY_DAYS", 7)
# Of one document; beyond, the oldest without a name go.
VERSIONS_MAX = env.int("VERSIONS_MAX", 500)
VERSIONS_MAX_BYTES = env.int("VERSIONS_MAX_BYTES", 64 << 20)
VERSIONS_NAMED_MAX = env.int("VERSIONS_NAMED_MAX", 100)
# What others type into blocks while a restoring removes them is put at the end of the document, so much later.
VERSION_SETTLE_SECONDS = env.float("VERSION_SETTLE_SECONDS", 10.0)
VERSION_SETTLE_MAX_SECONDS = 600  # for so long the log is not folded for it, should that fail
VERSION_ATTEMPTS = 5  # to make one while somebody else makes one too
VERSION_PAGE_SIZE = 50
VERSION_PAGE_SIZE_MAX = 200  # what REST may ask for

COLLABORATION_BEAT_SCHEDULE: dict[str, Any] = {
    "collaboration-sweep": {
        "task": "apps.collaboration.tasks.sweep",
        "schedule": SYNC_SWEEP_SECONDS,
        "options": {"expires": SYNC_SWEEP_SECONDS},
    },
    "collaboration-versions": {
        "task": "apps.collaboration.tasks.make_versions",
        "schedule": VERSION_SWEEP_SECONDS,
        "options": {"expires": VERSION_SWEEP_SECONDS},
    },
    "collaboration-versions-thinned": {
        "task": "apps.collaboration.tasks.thin_versions",
        "schedule": VERSION_THIN_SECONDS,
        "options": {"expires": VERSION_THIN_SECONDS},
    },
}
