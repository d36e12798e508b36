"""The laws, checked after a history: what was saved is there once, all copies agree, every answer is whole."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from pycrdt import Doc, Text

from apps.collaboration.frames import read_state_vector
from tests.laws.readers import ENDS, Reader, Reading
from tests.laws.writers import Writer
from tests.processes import until

if TYPE_CHECKING:
    from tests.laws.episodes import Episode

FRESH_SECONDS = 20

LOG = """
SELECT l.head, l.snapshot_position, l.tail_bytes, s.data FROM collaboration_documentlog l
LEFT JOIN collaboration_documentsnapshot s ON s.log_id = l.document_id WHERE l.document_id = %s
"""
TAIL = "SELECT position, data FROM collaboration_documentupdate WHERE log_id = %s ORDER BY position"
GENERATIONS = """
SELECT id::text, state, epoch, last_seq, cancel_requested_at IS NOT NULL, ending, visibility
FROM assistant_generation WHERE document_id = %s
"""
DECISIONS = """
SELECT d.generation_id::text, d.edit_id, d.seq FROM assistant_decision d
JOIN assistant_generation g ON g.id = d.generation_id WHERE g.document_id = %s ORDER BY d.seq
"""


async def judge(episode: "Episode") -> None:
    """Add to the episode's report what is against the law."""
    violations = episode.report.violations
    for writer in [*episode.writers, *episode.vanished]:
        violations += writer.complaints
    for reader in episode.readers:
        violations += reader.complaints
    await _judge_copies(episode)
    await asyncio.to_thread(_judge_log, episode)
    await _judge_generations(episode)


# The document


async def _judge_copies(episode: "Episode") -> None:
    """Stale copy and missed events are a fresh copy; every word is there as often as it should be."""
    violations = episode.report.violations
    reference = episode.writers[0]
    for web in range(len(episode.installation.webs)):
        fresh = await _fresh_copy(episode, web)
        for writer in episode.writers:
            if (fresh.text, _clocks(fresh.doc)) != (writer.text, _clocks(writer.doc)):
                violations.append(f"diverged: {writer.name} has not what a fresh copy from web-{web} has")
    violations += judge_words(reference.text, episode.writers, episode.vanished)


async def _fresh_copy(episode: "Episode", web: int) -> Writer:
    fresh = Writer(f"fresh{web}", episode.installation.cookies[0], lambda: episode.sync_url(web), episode.chance)
    task = asyncio.create_task(fresh.run())
    try:
        await until(lambda: fresh.synced, seconds=FRESH_SECONDS, what=lambda: f"a fresh copy from web-{web}")
    finally:
        task.cancel()
    return fresh


def judge_words(text: str, writers: Sequence[Writer], vanished: Sequence[Writer] = ()) -> list[str]:
    """Return what is wrong with the words in `text`, typed by people who are here and by some who left for good."""
    counts = Counter(text.split())
    required: set[str] = set()
    forbidden: set[str] = set()
    possible: set[str] = set()
    for writer in writers:
        required |= writer.typed - writer.deleted
        forbidden |= writer.deleted
    for writer in vanished:
        required |= writer.secured - writer.deleted
        forbidden |= writer.secured_deletes
        possible |= writer.typed
    lost = sorted(word for word in required if not counts[word])
    doubled = sorted(word for word, count in counts.items() if count > 1)
    risen = sorted(word for word in forbidden if counts[word])
    strange = sorted(counts.keys() - required - possible - forbidden)
    wrong = (("lost", lost), ("doubled", doubled), ("deleted and there", risen), ("made up", strange))
    return [f"{what}: {len(words)} words, {words[:5]}" for what, words in wrong if words]


def _judge_log(episode: "Episode") -> None:
    """Snapshot and tail are the whole log, without a gap, and make the same document as everybody has."""
    violations = episode.report.violations
    with psycopg.connect(episode.installation.database_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        row = connection.execute(LOG, [episode.document]).fetchone()
        tail = connection.execute(TAIL, [episode.document]).fetchall()
    assert row is not None
    head, snapshot_position, tail_bytes, snapshot = row
    if [position for position, _ in tail] != list(range(snapshot_position + 1, head + 1)):
        violations.append(f"log: positions {snapshot_position}..{head} are not those of {len(tail)} updates")
    if tail_bytes != sum(len(data) for _, data in tail):
        violations.append("log: the size of the tail is wrong")
    doc: Doc[Any] = Doc()
    for data in [*([snapshot] if snapshot is not None else []), *(data for _, data in tail)]:
        doc.apply_update(bytes(data))
    if (str(doc.get("t", type=Text)), _clocks(doc)) != (episode.writers[0].text, _clocks(episode.writers[0].doc)):
        violations.append("lost: the log makes another document than people have")


def _clocks(doc: "Doc[Any]") -> dict[int, int]:
    return read_state_vector(doc.get_state())


# Generations


async def _judge_generations(episode: "Episode") -> None:
    violations = episode.report.violations
    rows = await asyncio.to_thread(_stored, episode, GENERATIONS)
    decisions = await asyncio.to_thread(_stored, episode, DECISIONS)
    prompts = [request.prompt for request in episode.installation.provider.requests]
    for generation, state, epoch, last_seq, cancel_requested, ending, visibility in rows:
        name = f"generation {generation}"
        how = f"{state} ({ending['code']})" if state == "failed" else state
        episode.report.generations[how] = episode.report.generations.get(how, 0) + 1
        if state not in ENDS:
            violations.append(f"{name} is {state} for ever")
            continue
        runs = sum(f"id={generation}" in prompt for prompt in prompts)
        if runs > epoch:
            violations.append(f"{name} was sent to the model {runs} times by {epoch} generators")
        if cancel_requested and state != "cancelled":
            violations.append(f"{name} was cancelled and is {state}")
        readings = {
            reader.name: reader.readings[generation] for reader in episode.readers if generation in reader.readings
        }
        if visibility == "private" and len(readings) > 1:
            violations.append(f"{name} is private and was heard by {sorted(readings)}")
        for web in range(len(episode.installation.webs)):
            owner = next((one for one in episode.readers if generation in one.readings), None)
            if owner is None:
                continue
            after = episode.chance.choice([0, 0, episode.chance.randint(0, last_seq)])
            readings[f"a fresh reader of web-{web} after {after}"] = await _fresh_reading(
                episode, owner, generation, after, last_seq, web
            )
        _judge_readings(name, ending, readings, violations)
        stored = [(edit_id, seq) for one, edit_id, seq in decisions if one == generation]
        _judge_decisions(name, stored, readings, violations)


def count_open(episode: "Episode") -> int:
    """Return how many generations have not ended."""
    return sum(row[1] not in ENDS for row in _stored(episode, GENERATIONS))


def _stored(episode: "Episode", query: LiteralString) -> list[Any]:
    with psycopg.connect(episode.installation.database_url) as connection:
        return connection.execute(query, [episode.document]).fetchall()


def _judge_decisions(
    name: str, stored: list[tuple[str, int | None]], readings: dict[str, Reading], violations: list[str]
) -> None:
    """Everybody who read from the start has heard of decisions in one order, each once; a late reader of all."""
    order = [edit_id for edit_id, _ in stored]
    if len(order) != len(set(order)) or any(seq is None for _, seq in stored):
        violations.append(f"{name}: decisions are kept twice or without a number: {stored}")
    for who, reading in readings.items():
        if reading.marks.get(0) != 0:
            continue
        is_late = who.startswith("a fresh reader")
        if reading.decided != (order if is_late else order[: len(reading.decided)]):
            violations.append(f"{name}: {who} heard the decisions {reading.decided} of {order}")


def _judge_readings(name: str, ending: Any, readings: dict[str, Reading], violations: list[str]) -> None:
    """Everybody has the same text and the same end, whose hash is that of the text."""
    whole = {who: reading for who, reading in readings.items() if reading.marks.get(0) == 0}
    for who, reading in whole.items():
        if reading.end is None:
            violations.append(f"{name}: {who} heard no end")
        elif reading.end["type"] != ending["type"]:
            violations.append(f"{name}: {who} heard {reading.end['type']} and stored is {ending['type']}")
        elif lie := reading.lie():
            violations.append(f"{name}: {who}: {lie}")
    texts = {reading.text for reading in whole.values()}
    if len(texts) > 1:
        violations.append(f"{name}: {len(texts)} different texts, of {sorted(map(len, texts))} characters")
    text = max(texts, key=len, default="")
    for who, reading in readings.items():
        if who not in whole and not text.endswith(reading.text):
            violations.append(f"{name}: {who} read what is no end of the text")


async def _fresh_reading(
    episode: "Episode", owner: Reader, generation: str, after: int, last_seq: int, web: int
) -> Reading:
    """Return what `owner` reads on another device that has everything up to `after`."""
    fresh = Reader("fresh", owner.cookie, lambda: episode.assistant_url(web), episode.chance)
    reading = fresh.readings[generation] = Reading(position=after)
    if after:
        reading.marks = {after: 0}
    task = asyncio.create_task(fresh.run())
    try:
        await until(
            lambda: reading.position >= last_seq,
            seconds=FRESH_SECONDS,
            what=lambda: f"what comes after {after} of generation {generation} at web-{web}",
        )
    finally:
        task.cancel()
    episode.report.violations += fresh.complaints
    return reading
