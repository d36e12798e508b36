"""Limits of teams."""

from project.settings.environment import env

TEAMS_PER_PERSON = env.int("TEAMS_PER_PERSON", 50)  # owned
TEAM_MEMBERS_MAX = env.int("TEAM_MEMBERS_MAX", 500)  # people and open invitations of one team
