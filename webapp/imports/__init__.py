"""Calendars of others become events here: read, reconciled with what is there, and shown while it happens."""
