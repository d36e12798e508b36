"""What accounts tell the apps above."""

from django.dispatch import Signal

# Sent in the transaction of the suspension, before anything is changed. user_id: UUID
suspending = Signal()
# Sent in the transaction of an appeal, likewise. user_id: UUID
appealing = Signal()
