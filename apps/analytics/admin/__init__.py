"""The admin's pages of analytics: the dashboard, experiments and feature flags."""

from apps.analytics.admin import dashboard, experiments, flags

__all__ = ["dashboard", "experiments", "flags"]
