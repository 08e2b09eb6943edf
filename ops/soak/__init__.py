"""Turnout under faults: real servers killed and frozen, writers, screens, and an oracle that knows the truth."""
