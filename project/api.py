"""The REST interface, assembled from the apps' routers."""

from project.docs import Docs
from project.limits import RequestLimits
from project.openapi import DescribedAPI
from project.problems import speak_problem_json
from project.repeatable import keep_answers

api = DescribedAPI(title="Interline", version="1", throttle=RequestLimits(), docs=Docs())
speak_problem_json(api)
api.add_router("", "apps.accounts.api.router")
api.add_router("", "apps.accounts.keys_api.router")
api.add_router("", "apps.quotas.api.router")
api.add_router("", "apps.moderation.api.router")
api.add_router("teams/", "apps.teams.api.router")
api.add_router("documents/", "apps.documents.api.router")
api.add_router("documents/", "apps.documents.comments_api.router")
api.add_router("documents/", "apps.moderation.policies_api.of_documents")
api.add_router("teams/", "apps.moderation.policies_api.of_teams")
api.add_router("documents/", "apps.collaboration.api.router")
api.add_router("documents/", "apps.collaboration.versions_api.router")
api.add_router("documents/", "apps.assistant.conversations_api.router")
api.add_router("documents/", "apps.assistant.provenance_api.router")
api.add_router("documents/", "apps.assistant.story_api.router")
api.add_router("analytics/", "apps.analytics.api.router")
api.add_router("", "apps.assistant.commands_api.router")
api.add_router("", "apps.assistant.api.router")
keep_answers(api)
