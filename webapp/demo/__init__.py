"""A believable city of events for a fresh database, and traffic that makes it move. Development only."""
