"""Models, limits and waits of the assistant."""

from typing import Any

from project.settings.environment import env

# Models, as litellm names them. Without one, the built-in demo model answers and says that it is one.
AI_MODEL = env.str("AI_MODEL", "") or "interline/demo"
AI_FALLBACK_MODELS: list[str] = env.list("AI_FALLBACK_MODELS", [])
AI_FAST_MODEL = env.str("AI_FAST_MODEL", "") or AI_MODEL
AI_LOCAL_MODELS: list[str] = env.list("AI_LOCAL_MODELS", [])  # they run in this installation, e.g. "ollama/llama3.2"
AI_EMBEDDING_MODEL = env.str("AI_EMBEDDING_MODEL", "")
# Says of texts whether they are violent, sexual and so on, e.g. openai/omni-moderation-latest; see MODERATION_MODEL_….
AI_MODERATION_MODEL = env.str("AI_MODERATION_MODEL", "")
AI_MODERATION_PIECE_CHARACTERS = 8_000  # a longer text goes to it in pieces
AI_MODERATION_MAX_CHARACTERS = env.int("AI_MODERATION_MAX_CHARACTERS", 64_000)  # in one request to it
AI_API_BASE = env.str("AI_API_BASE", "")
AI_API_KEY = env.str("AI_API_KEY", "")
AI_PRICE_CURRENCY = env.str("AI_PRICE_CURRENCY", "USD")  # of the prices in the admin, which the ledger's costs use
AI_MODEL_CHECK_SECONDS = 30  # to find out, in a process of its own, whether litellm knows a model's provider
AI_ACTION_MODELS: dict[str, str] = env.dict("AI_ACTION_MODELS", {})  # e.g. "complete=openai/gpt-4o-mini"

# Waits for a provider, in seconds.
AI_CONNECT_TIMEOUT_SECONDS = env.float("AI_CONNECT_TIMEOUT_SECONDS", 10)
AI_FIRST_TOKEN_TIMEOUT_SECONDS = env.float("AI_FIRST_TOKEN_TIMEOUT_SECONDS", 30)  # one model, attempts together
AI_TOKEN_TIMEOUT_SECONDS = env.float("AI_TOKEN_TIMEOUT_SECONDS", 15)  # between two tokens
AI_STREAM_TIMEOUT_SECONDS = env.float("AI_STREAM_TIMEOUT_SECONDS", 300)  # the whole answer of one model
# A model's own three, e.g. "openai/o3=120/60/900,ollama/llama3=90/15/600".
_model_timeouts: dict[str, str] = env.dict("AI_MODEL_TIMEOUTS", {})
AI_MODEL_TIMEOUTS: dict[str, tuple[float, ...]] = {
    model: tuple(float(seconds) for seconds in limits.split("/")) for model, limits in _model_timeouts.items()
}
AI_RETRIES = env.int("AI_RETRIES", 2)  # of one model, while nothing of its answer has come
AI_RETRY_SECONDS = env.float("AI_RETRY_SECONDS", 0.4)  # before the first, then twice as long each; half of it is chance
AI_RETRY_WAIT_MAX_SECONDS = 5.0  # a provider that asks for a longer wait (Retry-After) is passed over
AI_RETRY_AFTER_MAX_SECONDS = 3600.0  # believed of a provider

# A model that fails so often in a row rests so long, then twice as long each time; all generators share the count.
AI_BREAKER_FAILURES = env.int("AI_BREAKER_FAILURES", 5)
AI_BREAKER_SECONDS = env.float("AI_BREAKER_SECONDS", 10)
AI_BREAKER_MAX_SECONDS = env.float("AI_BREAKER_MAX_SECONDS", 300)
AI_BREAKER_TRIAL_SECONDS = 30.0  # after its rest, one request at a time tries it; the next when that has not ended

AI_HEALTH_SECONDS = env.float("AI_HEALTH_SECONDS", 300)  # a model unused for so long is asked for one token; 0: never
AI_HEALTH_LOOK_SECONDS = 30  # how often that is looked up, and a failing model asked

# litellm's own stream wrapper costs 0.8 ms of CPU per token; reading OpenAI-compatible streams ourselves under its
# HTTP handler costs 0.05 ms. Off: everything goes through the wrapper.
AI_FAST_STREAM = env.bool("AI_FAST_STREAM", True)

AI_DEMO_TOKENS_PER_SECOND = env.float("AI_DEMO_TOKENS_PER_SECOND", 28)
AI_DEMO_FIRST_TOKEN_SECONDS = env.float("AI_DEMO_FIRST_TOKEN_SECONDS", 0.25)

# What one generation may take and give.
ASSISTANT_INPUT_MAX_CHARACTERS = env.int("ASSISTANT_INPUT_MAX_CHARACTERS", 200_000)
ASSISTANT_CONTEXT_TOKENS = env.int("ASSISTANT_CONTEXT_TOKENS", 6_000)  # of the document, in a prompt
ASSISTANT_COMPLETE_CONTEXT_TOKENS = env.int("ASSISTANT_COMPLETE_CONTEXT_TOKENS", 1_000)
ASSISTANT_OUTPUT_MAX_TOKENS = env.int("ASSISTANT_OUTPUT_MAX_TOKENS", 4_096)
ASSISTANT_OUTPUT_MAX_CHARACTERS = env.int("ASSISTANT_OUTPUT_MAX_CHARACTERS", 100_000)
ASSISTANT_CHUNK_MAX_CHARACTERS = 8_000
ASSISTANT_EDITS_MAX = env.int("ASSISTANT_EDITS_MAX", 500)  # of one generation
ASSISTANT_FINDING_MAX_CHARACTERS = 8_000  # of one, as the model writes it
ASSISTANT_EXPLANATION_MAX_CHARACTERS = 500
ASSISTANT_FINDINGS_DROPPED_MAX = 40  # in a row, before the model is stopped
ASSISTANT_GENERATIONS_PER_MINUTE = env.int("ASSISTANT_GENERATIONS_PER_MINUTE", 60)  # per person
ASSISTANT_CONCURRENT_GENERATIONS = env.int("ASSISTANT_CONCURRENT_GENERATIONS", 8)  # per person
ASSISTANT_DECISIONS_PER_GENERATION = 1_000

# Conversations.
ASSISTANT_CONVERSATIONS_PER_PERSON = env.int("ASSISTANT_CONVERSATIONS_PER_PERSON", 500)  # in one document
ASSISTANT_TURNS_PER_CONVERSATION = env.int("ASSISTANT_TURNS_PER_CONVERSATION", 2_000)
ASSISTANT_MESSAGES_PAGE_SIZE = 30
ASSISTANT_MESSAGES_PAGE_SIZE_MAX = 100
ASSISTANT_CHAT_HISTORY_TOKENS = env.int("ASSISTANT_CHAT_HISTORY_TOKENS", 4_000)  # earlier messages, in a prompt
ASSISTANT_CONVERSATION_TRASH_SECONDS = env.int("ASSISTANT_CONVERSATION_TRASH_SECONDS", 30 * 24 * 3600)
ASSISTANT_CONVERSATIONS_ERASED_AT_ONCE = 1_000

ASSISTANT_COMMANDS_MAX = env.int("ASSISTANT_COMMANDS_MAX", 100)  # of one person, and of one document

# The sheet of a story.
ASSISTANT_SHEET_TOKENS = env.int("ASSISTANT_SHEET_TOKENS", 12_000)  # of the story's latest part, to read it
ASSISTANT_SHEET_ENTRIES_MAX = 200
ASSISTANT_SHEET_NAME_MAX_CHARACTERS = 120
ASSISTANT_SHEET_NOTE_MAX_CHARACTERS = 1_000
ASSISTANT_SHEET_SWEEP_SECONDS = 20
ASSISTANT_SHEET_INTERVAL_SECONDS = env.float("ASSISTANT_SHEET_INTERVAL_SECONDS", 120)  # between two readings
ASSISTANT_SHEET_IDLE_SECONDS = env.float("ASSISTANT_SHEET_IDLE_SECONDS", 24 * 3600)  # unused for so long, it rests

# The stream log and its generators.
ASSISTANT_FLUSH_SECONDS = 0.025  # after the first token, which goes at once; halves everything downstream
ASSISTANT_LOG_KEPT_SECONDS = env.int("ASSISTANT_LOG_KEPT_SECONDS", 300)  # in Redis, after the transcript is stored
ASSISTANT_LOG_MAX_AGE_SECONDS = 24 * 3600  # of a log whose generation never ended
ASSISTANT_STREAMS_PER_GENERATOR = env.int("ASSISTANT_STREAMS_PER_GENERATOR", 32)
ASSISTANT_HEARTBEAT_SECONDS = env.float("ASSISTANT_HEARTBEAT_SECONDS", 0.5)  # a generator's sign of life
ASSISTANT_LEASE_SECONDS = env.float("ASSISTANT_LEASE_SECONDS", 2)  # silent for so long and two heartbeats: replaced
ASSISTANT_WEDGED_SECONDS = 30.0  # an event loop that stood still for so long counts as dead
ASSISTANT_ATTEMPTS_MAX = 3  # generators that may die over one generation
ASSISTANT_QUEUE_MAX_WAIT_SECONDS = env.float("ASSISTANT_QUEUE_MAX_WAIT_SECONDS", 60)
ASSISTANT_DRAIN_SECONDS = env.float("ASSISTANT_DRAIN_SECONDS", 5)  # below the supervisor's kill timeout
ASSISTANT_SWEEP_SECONDS = env.float("ASSISTANT_SWEEP_SECONDS", 20)
ASSISTANT_DATABASE_CONNECTIONS = 4  # of a generator's event loop; each is held for one short statement
ASSISTANT_DATABASE_WAIT_SECONDS = 5.0  # for one of them
ASSISTANT_START_CONNECTIONS = 8  # of a web process' event loop; each is held for a start, of two or three round trips
ASSISTANT_START_ON_LOOP_MAX_CHARACTERS = 8_000  # a longer input is screened and counted in a thread: over 1 ms of CPU

# The socket.
ASSISTANT_FRAME_MAX_BYTES = env.int("ASSISTANT_FRAME_MAX_BYTES", 2**20)
ASSISTANT_BAD_FRAMES_MAX = 20  # in a row
# One connection: token buckets of frames and of bytes; who overdraws is closed with 4529.
ASSISTANT_FRAMES_PER_SECOND = env.int("ASSISTANT_FRAMES_PER_SECOND", 400)
ASSISTANT_FRAMES_BURST = env.int("ASSISTANT_FRAMES_BURST", 1_000)
ASSISTANT_BYTES_PER_SECOND = env.int("ASSISTANT_BYTES_PER_SECOND", 2 << 20)
ASSISTANT_BYTES_BURST = env.int("ASSISTANT_BYTES_BURST", 16 << 20)
ASSISTANT_SOCKET_WINDOW_EVENTS = 256  # unacknowledged events in flight
ASSISTANT_UNACKNOWLEDGED_SECONDS = 0.5  # with a full window, one coalesced frame goes per so long
ASSISTANT_SEND_TIMEOUT_SECONDS = 20  # a reader that takes nothing for so long is closed (4508)
ASSISTANT_SOCKETS_PER_PERSON = env.int("ASSISTANT_SOCKETS_PER_PERSON", 40)  # in one document and web process
ASSISTANT_EVENT_STREAMS_PER_PERSON = env.int("ASSISTANT_EVENT_STREAMS_PER_PERSON", 40)  # in one web process: 429
ASSISTANT_EVENTS_KEEP_ALIVE_SECONDS = 15  # of an event stream on which nothing happens
ASSISTANT_RECHECK_SECONDS = env.float("ASSISTANT_RECHECK_SECONDS", 30)
# Suggestions that nobody decided about are shown again to who joins or reloads, so long after they were asked for.
ASSISTANT_UNDECIDED_SECONDS = env.int("ASSISTANT_UNDECIDED_SECONDS", 3600)
ASSISTANT_UNDECIDED_MAX = 20  # the latest
ASSISTANT_RESUME_MAX_GENERATIONS = 50  # replayed from the database for one `resume`

ASSISTANT_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "read-stories": {"task": "apps.assistant.tasks.read_stories", "schedule": ASSISTANT_SHEET_SWEEP_SECONDS},
    "check-models": {"task": "apps.llm.tasks.check_models", "schedule": AI_HEALTH_LOOK_SECONDS},
    "sweep-generations": {"task": "apps.assistant.tasks.sweep_generations", "schedule": ASSISTANT_SWEEP_SECONDS},
    "erase-conversations": {"task": "apps.assistant.tasks.erase_conversations", "schedule": 3600},
}
