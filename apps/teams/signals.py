"""What happened to teams, for the apps above. Sent on commit.

`membership_changed(team_id, user_id)`: somebody came into a team, left it, or the team is gone.
"""

from django.dispatch import Signal

membership_changed = Signal()
