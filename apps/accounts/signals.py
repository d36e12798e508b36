"""What accounts tell the apps above."""

from django.dispatch import Signal

# Sent in the transaction of the suspension, before anything is changed. user_id: UUID
suspending = Signal()
# Sent in the transaction of the appeal. suspension: Suspension
appealed = Signal()
