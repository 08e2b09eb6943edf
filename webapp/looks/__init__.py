"""How often people look at an event's page, counted without keeping anything about them."""
