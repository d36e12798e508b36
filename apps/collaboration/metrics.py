"""What is counted of rooms and of the journal. Nothing is counted per keystroke."""

from apps.core.metrics import BRIEF_SECONDS, counter, gauge, histogram

ROOMS = gauge("rooms", "Documents in memory.")
LOADED = histogram("room_load_seconds", "Reading a document into memory.", buckets=BRIEF_SECONDS)
UPDATES = counter("journal_updates", "Updates of documents that were committed.")
COMMITTED = histogram("journal_commit_seconds", "One transaction of the journal.", buckets=BRIEF_SECONDS)
WAITING = gauge("journal_waiting_updates", "Updates that are not committed yet.")
OLDEST = gauge("journal_oldest_seconds", "For how long the oldest of them has waited.")
FELL_BEHIND = counter("sync_fell_behind", "How often a client did not keep up with its document.")
