"""Webhooks: changes sent to an organiser's programs, each at least once and under its own id."""
