"""Metrics of all processes on one page. Each process leaves what it counted in Redis every few seconds; any web process
joins that into `/metrics`. So there is one place to ask, however many processes there are and wherever they run."""
