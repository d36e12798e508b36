"""Limits of documents and of sharing them."""

from project.settings.environment import env

DOCUMENTS_PER_PERSON = env.int("DOCUMENTS_PER_PERSON", 10_000)  # owned, the trash included
DOCUMENT_MEMBERS_MAX = env.int("DOCUMENT_MEMBERS_MAX", 200)  # people and open invitations of one document
DOCUMENT_OUTLINE_MAX_CHARACTERS = 20_000  # of all headings together
DOCUMENT_LIST_PAGE_SIZE = env.int("DOCUMENT_LIST_PAGE_SIZE", 50)
DOCUMENT_LIST_PAGE_SIZE_MAX = 200  # what REST may ask for
DOCUMENT_SEARCH_MAX_CHARACTERS = 200
DOCUMENT_SEARCH_MAX_WORDS = 8

CONTENT_MAX_BYTES = env.int("CONTENT_MAX_BYTES", 2 << 20)  # of a text that is written over REST, pictures included
CONTENT_FILE_MAX_CHARACTERS = env.int("CONTENT_FILE_MAX_CHARACTERS", 1_000_000)  # of a Word or PDF file
CONTENT_FILE_SECONDS = 60.0  # to make one
CONTENT_FILE_WAIT_SECONDS = 20.0  # for others that are being made
CONTENT_FILES_AT_ONCE = env.int("CONTENT_FILES_AT_ONCE", 2)  # in one web process
CONTENT_PICTURE_MAX_PIXELS = 40_000_000  # of a picture in such a file; a larger one leaves its words

COMMENT_MAX_CHARACTERS = env.int("COMMENT_MAX_CHARACTERS", 5_000)
COMMENT_QUOTE_MAX_CHARACTERS = 500  # of the passage a thread is about; of a longer one its beginning
COMMENT_ANCHOR_MAX_CHARACTERS = 300  # of each of its two ends; ours have about 30
COMMENT_MENTIONS_MAX = 20  # people named in one comment
COMMENT_THREADS_MAX = env.int("COMMENT_THREADS_MAX", 2_000)  # of one document, resolved ones included
COMMENTS_PER_THREAD_MAX = env.int("COMMENTS_PER_THREAD_MAX", 500)
COMMENTS_PER_MINUTE = env.int("COMMENTS_PER_MINUTE", 60)  # per person: said or changed
MENTION_MAILS_PER_HOUR = env.int("MENTION_MAILS_PER_HOUR", 100)  # per person who mentions; beyond it none is sent

INVITATIONS_PER_HOUR = env.int("INVITATIONS_PER_HOUR", 60)  # per person who invites
INVITATION_MAX_AGE_SECONDS = 14 * 24 * 3600

LINKS_PER_DOCUMENT = env.int("LINKS_PER_DOCUMENT", 20)  # share links, those that have expired included
LINK_PEOPLE_MAX = env.int("LINK_PEOPLE_MAX", 5_000)  # who hold a role by one link
LINK_PASSWORD_MIN_CHARACTERS = 8
LINK_PASSWORD_MAX_CHARACTERS = 128
LINK_WRONG_PASSWORDS_PER_HOUR = env.int("LINK_WRONG_PASSWORDS_PER_HOUR", 10)  # of one person, whichever links
LINK_FAILURES_PER_HOUR = env.int("LINK_FAILURES_PER_HOUR", 100)  # of one address: no such link, or a wrong password

# Sockets of one web process that were accepted and wait for their look-up or their document; more get 4513.
SOCKETS_OPENING_MAX = env.int("SOCKETS_OPENING_MAX", 5_000)
SOCKETS_REFUSAL_SECONDS = 3.0  # each within a random part of it, so that they do not come back all at once
SOCKETS_DATABASE_SECONDS = 5.0  # for a look-up, then 4513
