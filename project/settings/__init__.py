"""All settings, read from the environment once. Each domain's limits stand in a module of their own."""

from project.settings.accounts import *  # noqa: F403  (settings are one flat name space by Django's design)
from project.settings.alerts import *  # noqa: F403
from project.settings.analytics import *  # noqa: F403
from project.settings.assistant import *  # noqa: F403
from project.settings.audit import *  # noqa: F403
from project.settings.base import *  # noqa: F403
from project.settings.collaboration import *  # noqa: F403
from project.settings.documents import *  # noqa: F403
from project.settings.error_reports import *  # noqa: F403
from project.settings.fallback import *  # noqa: F403
from project.settings.logs import *  # noqa: F403
from project.settings.metrics import *  # noqa: F403
from project.settings.moderation import *  # noqa: F403
from project.settings.outgoing import *  # noqa: F403
from project.settings.quotas import *  # noqa: F403
from project.settings.retention import *  # noqa: F403
from project.settings.schedule import *  # noqa: F403
from project.settings.teams import *  # noqa: F403
from project.settings.tracing import *  # noqa: F403
