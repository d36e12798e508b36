"""Models, limits and waits of the assistant."""
