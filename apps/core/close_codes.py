"""Close codes of both sockets. 44xx is permanent, 45xx is retried (y-websocket's convention)."""

from enum import IntEnum


class CloseCode(IntEnum):
    PROTOCOL_VIOLATION = 4400
    SIGN_IN_AGAIN = 4401
    FORBIDDEN = 4403
    NOT_FOUND = 4404
    TOO_LARGE = 4413
    TOO_SLOW = 4508
    RESTARTING = 4512
    OVERLOADED = 4513
    TOO_MANY = 4529
