"""One example of every frame of the assistant socket, by `type`: shown in the documentation, used by tests."""

from typing import Any

from apps.assistant.noted import WORDS

GENERATION = "3f2b6c1e-8d4a-4f0e-9a56-1c7d2e9b4a10"
ALICE = {"id": "b7e0c9a2-51d3-4c55-8f3e-0a9d6f21c8e4", "name": "Alice", "color": "#9f3a38"}
QUOTA = {"tier": "free", "remaining_tokens": 48_200, "resets_at": "2030-01-02T00:00:00Z"}
TEXT_SHA256 = "a2d5b7bc48c3c1fb9b8c6d0c9b7f1a6e3c3c0a3e7f5e6d1b2a9c8d7e6f5a4b3c"

POLICY = {
    "mode": "suggestions",
    "routes": "any",
    "spenders": "everyone",
    "screening": "usual",
    "after_checks": "none",
    "refusal": "",
    "held": [
        {
            "level": "document",
            "says": ["The assistant only makes suggestions."],
            "by": "Alice, for this document",
            "reason": "We write this ourselves.",
        }
    ],
}


def _event(kind: str, seq: int, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "id": GENERATION, "seq": seq, **fields}


EXAMPLES: dict[str, dict[str, Any]] = {
    # client to server
    "generate": {
        "type": "generate",
        "id": GENERATION,
        "action": "continue",
        "input": {"text_before": "The heron waits by the weir."},
        "anchor": {"at": "AQIDBA=="},
        "visibility": "shared",
        "options": {"max_tokens": 200},
    },
    "cancel": {"type": "cancel", "id": GENERATION},
    "resume": {"type": "resume", "after": {GENERATION: 12}},
    "ack": {"type": "ack", "after": {GENERATION: 12}},
    "decide": {"type": "decide", "id": GENERATION, "decision": "accepted"},
    "ping": {"type": "ping", "nonce": 7},
    "token": {"type": "token", "token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJiN2UwYzlhMiJ9.c2lnbmF0dXJl"},
    # server to client, about the socket
    "hello": {
        "type": "hello",
        "protocol": 1,
        "user": ALICE,
        "role": "editor",
        "limits": {
            "frame_bytes": 1_048_576,
            "input_characters": 200_000,
            "anchor_bytes": 1_024,
            "max_output_tokens": 4_096,
            "generations_per_minute": 60,
            "concurrent_generations": 8,
            "unacknowledged_events": 256,
        },
        "quota": QUOTA,
        "models": [{"name": "openai/gpt-4o-mini", "demo": False}],
        "open": [{"id": GENERATION, "action": "continue", "user": ALICE, "anchor": {"at": "AQIDBA=="}, "seq": 12}],
        "undecided": [],
        "unavailable": [{"action": "story", "reason": "This is switched off for you at present."}],
        "policy": POLICY,
        "comments": 41,
    },
    "actions": {"type": "actions", "unavailable": []},
    "policy": {"type": "policy", **POLICY},
    "role": {"type": "role", "role": "viewer"},
    "quota": {"type": "quota", **QUOTA},
    "conversation": {"type": "conversation", "id": "0d4f1c77-2b9e-4f4f-8a57-5a3e6d1b7c22"},
    "comments": {"type": "comments", "version": 42, "thread": "9a1e0b52-6c7d-4f0a-b1c3-2d4e5f607182"},
    "reviewed": {
        "type": "reviewed",
        "id": GENERATION,
        "action": "rewrite",
        "decision": "released",
        "message": "A reviewer has released what you asked for. The assistant works on it now.",
    },
    "pong": {"type": "pong", "nonce": 7},
    "error": {
        "type": "error",
        "id": GENERATION,
        "code": "rate_limited",
        "message": "That was too many requests to the assistant in a minute. Try again shortly.",
        "retryable": True,
        "retry_after": 10.0,
    },
    "withdrawn": {"type": "withdrawn", "id": GENERATION},
    # server to client, a generation's events
    "started": _event(
        "started",
        1,
        action="continue",
        user=ALICE,
        anchor={"at": "AQIDBA=="},
        model="openai/gpt-4o-mini",
        demo=False,
    ),
    "chunk": _event("chunk", 2, text=" It does not move."),
    "edit": _event(
        "edit",
        3,
        edit_id="1",
        start=4,
        end=9,
        original="heron",
        replacement="grey heron",
        category="word choice",
        explanation="Says which bird.",
    ),
    "status": _event("status", 4, state="fallback", model="openai/gpt-4o", detail="Another model takes over."),
    "citation": _event("citation", 5, index=1, source="notes", title="Birds", url="", quote="Herons wait."),
    "done": _event(
        "done",
        6,
        finish_reason="stop",
        sha256=TEXT_SHA256,
        characters=18,
        usage={"prompt_tokens": 180, "completion_tokens": 6},
        timing={"queued_ms": 4, "first_token_ms": 310, "total_ms": 620},
        quota=QUOTA,
        notes=[WORDS["indirect_injection"].model_dump()],
    ),
    "failed": _event(
        "failed",
        6,
        code="provider_unavailable",
        message="The model broke off before the end. What came until then is kept; try again.",
        retryable=True,
        partial=True,
    ),
    "cancelled": _event("cancelled", 6, characters=18),
    "decided": _event("decided", 7, decision="accepted", user=ALICE),
}
