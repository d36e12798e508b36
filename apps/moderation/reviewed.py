"""What reviewers decided about requests, for who has to act on it."""

from django.dispatch import Signal

request_decided = Signal()  # held: a HeldRequest that was released or refused; sent when it is committed
REQUEST_REVIEWED = "request_reviewed"  # the control message that says so to web processes
