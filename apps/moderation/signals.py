"""What reviewers decided, for the apps above. All are sent in the decision's transaction.

`removing(generation_id)`: an answer is withdrawn; receivers return what of it was accepted into the document.
`restoring(generation_id)`: it is to be seen again.
"""

from django.dispatch import Signal

removing = Signal()
restoring = Signal()
