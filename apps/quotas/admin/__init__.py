"""The admin's pages of tiers, people, pools and the ledger. Whatever changes many people's limits asks first."""

from apps.quotas.admin import people, pools, tiers

__all__ = ["people", "pools", "tiers"]
