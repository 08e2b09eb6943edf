"""What an event offers: ticket types, the pools they draw on, and the form that is filled in."""
