"""The door: tickets, check-in lists, gates, devices, and the record of who came in."""
