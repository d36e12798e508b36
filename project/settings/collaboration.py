"""Limits and rates of the sync socket and the document log."""
