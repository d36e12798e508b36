"""Prompts, one versioned module per action. A change of words is a new version: old transcripts name theirs."""
