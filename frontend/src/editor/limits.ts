/** Every size and wait of the editor page, by name. */

/** As the server's `TITLE_MAX_CHARACTERS`. */
export const TITLE_MAX_CHARACTERS = 300;
/** As the server's, of the password of a share link. */
export const LINK_PASSWORD_MIN_CHARACTERS = 8;
export const LINK_PASSWORD_MAX_CHARACTERS = 128;

/** One frame of edits; more goes in several. The server takes 1 MiB. */
export const UPDATE_PIECE_BYTES = 700_000;
/** Edits that may wait for a connection: a quarter of what the server takes in one document. */
export const OFFLINE_MAX_BYTES = 16_000_000;
/** One pasted block. */
export const BLOCK_MAX_BYTES = 900_000;

/** An image as it is kept in the document (base64), below the sync socket's limit for one update. */
export const IMAGE_MAX_CHARACTERS = 240_000;
/** Longer sides are scaled down: more cannot be seen in a column of 68 characters. */
export const IMAGE_MAX_PIXELS = 1600;
/** A file larger than this is not even opened. */
export const IMAGE_FILE_MAX_BYTES = 25 * 2 ** 20;
/** One paste, in positions of the document; more becomes several updates. */
export const PASTE_STEP_CHARACTERS = 40_000;

/** Words per minute that a grown-up reads silently (Brysbaert 2019: 238). */
export const READING_WORDS_PER_MINUTE = 238;
export const COUNT_DELAY_MS = 300;

/** From here on blocks out of sight are not painted. */
export const LONG_DOCUMENT_BLOCKS = 80;

/** How long a remote name stays beside its caret after a move. */
export const CARET_NAME_MS = 2500;
/** How long "Reconnecting…" is shown before it becomes "Offline". */
export const OFFLINE_AFTER_MS = 5000;
/** How long all has to be saved before "Saving…" becomes "Saved". */
export const SAVED_AFTER_MS = 100;
/** How long "Saving…" is shown while the server commits nothing, before it becomes "Not saved yet". */
export const SAVE_LATE_MS = 5000;
/** The second attempt to reach a lost socket; each further one waits twice as long, up to the most. */
export const RECONNECT_FIRST_MS = 1000;
export const RECONNECT_MOST_MS = 30_000;
/** A connection that stays up for so long has ended the counting of failures. */
export const STEADY_MS = 5000;
/** How often the clock is looked at, and the jump in it that means that the machine has slept. */
export const WATCH_MS = 5000;
export const SLEEP_MS = 20_000;
/** A WebSocket that does not open, or opens and says nothing, for so long is given up. */
export const WEBSOCKET_OPEN_MS = 6000;
export const GREETING_MS = 15_000;
/** So many quick failures in a row of one WebSocket, while HTTP works, mean that they are blocked; one that hung, too. */
export const BLOCKED_FAILURES = 2;
export const HTTP_PROBE_MS = 5000;
/** How long that is believed without a look, and how often WebSockets are tried meanwhile: ever more rarely. */
export const BLOCKED_FOR_MS = 30 * 60_000;
export const PROBE_FIRST_MS = 30_000;
export const PROBE_MOST_MS = 10 * 60_000;

/** The fallback over HTTP. The server's waits for it are in `project/settings/fallback.py`. */
export const FALLBACK_REQUEST_MS = 15_000;
/** The server says something at once, and then every 10 s. */
export const FALLBACK_BUFFERED_MS = 4000;
export const FALLBACK_SILENCE_MS = 25_000;
export const FALLBACK_POLL_SECONDS = 20;
export const FALLBACK_HIDDEN_POLL_MS = 5000;
export const FALLBACK_RETRY_MS = 500;
/** Without an answer for so long, the session is given up for a new one. */
export const FALLBACK_RESUME_MS = 20_000;
/** What has arrived is said with what is sent, or alone after so long or so much. */
export const FALLBACK_ACK_MS = 1000;
export const FALLBACK_ACK_BYTES = 128 * 1024;
export const FALLBACK_REQUEST_CHARACTERS = 1_000_000;
/** Browsers send 64 KiB after a page is left. */
export const KEEPALIVE_MAX_CHARACTERS = 60_000;

/** How long a socket has for a sign of life: when asked as ever, and after a return of the network or of the person. */
export const ALIVE_MS = 10_000;
export const CHECK_MS = 5000;
/** The provider drops a socket that was silent for 30 s; asking for the state feeds it. */
export const RESYNC_MS = 20_000;

export const COMPLETION_PAUSE_MS = 700;
/** A paragraph in which somebody else moved this recently gets no inline completion. */
export const COMPLETION_COMPANY_MS = 5000;
/** Too little text to complete. */
export const COMPLETION_MIN_CHARACTERS = 12;
export const COMPLETION_BEFORE_CHARACTERS = 4000;
export const COMPLETION_AFTER_CHARACTERS = 500;

/** Used until the assistant's `hello` names its own. */
export const CONTINUE_BEFORE_CHARACTERS = 12_000;
export const CONTINUE_AFTER_CHARACTERS = 3_000;

/** How long what is asked right after the page was opened waits for the assistant's first connection. */
export const CONNECTING_MS = 8000;
export const ASSISTANT_PING_MS = 25_000;
/** How often rendered events are acknowledged. */
export const ACK_DELAY_MS = 100;
/** A request that got no answer at all. */
export const ANSWER_TIMEOUT_MS = 15_000;

export const NOTICE_MS = 8000;

/** Aspects looked for at the same time; the others wait their turn. */
export const SUGGESTIONS_AT_ONCE = 6;
/** How soon an aspect is asked for again that found no room in the document, where the server names no time. */
export const SUGGESTIONS_ROOM_SECONDS = 2;
/** Earlier runs that are looked at for open suggestions when a document is opened. */
export const SUGGESTIONS_RECALLED = 40;
/** How soon after an edit suggestions without a place are looked for again. */
export const SUGGESTIONS_RETRY_MS = 600;

/** After the last change of a block; the bar is 100 ms from here to the underline. */
export const LOCAL_CHECK_PAUSE_MS = 400;
/** Underlines of blocks that nobody is typing in wait for a pause in typing, and for so long at most. */
export const REDRAW_PAUSE_MS = 300;
export const REDRAW_LATE_MS = 3000;
/** The assistant's findings show up at once, and while somebody types this far apart. */
export const REDRAW_APART_MS = 250;
/** Blocks underlined at once while somebody types: 400 of them took 30 ms. */
export const REDRAW_BLOCKS = 24;
/** Blocks asked about before the page gets its turn again. */
export const LOCAL_CHECK_BLOCKS_AT_ONCE = 8;
/** Texts of blocks whose findings are kept. */
export const CHECKED_TEXTS_KEPT = 3000;
/** A pause in all typing, then the assistant reads what changed. */
export const DEEP_CHECK_PAUSE_MS = 3000;
export const DEEP_CHECKS_PER_MINUTE = 8;
/** Of one request. */
export const DEEP_CHECK_CHARACTERS = 6000;
/** How long the pointer rests on an underline before it is explained. */
export const HOVER_MS = 350;

/** Of the text on either side, for what works on a selection. */
export const LONG_CONTEXT_CHARACTERS = 1500;
/** How often a rewrite that streams in is compared with the old text anew. */
export const REWRITE_DRAW_MS = 80;

/** How often the story's sheet is looked at while the text is read for it, and how often at most before that begins. */
export const STORY_POLL_MS = 5000;
export const STORY_POLLS = 24;
/** Of a note of the sheet, beside a draft that used it. */
export const SOURCE_NOTE_CHARACTERS = 80;

/** How long a proposal that two took at once waits for one of them to give way. */
export const TAKEN_TWICE_MS = 30_000;
