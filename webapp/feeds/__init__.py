"""Events for people's own programs: calendars to subscribe to, Atom, and what search engines read."""
