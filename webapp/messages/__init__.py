"""Messages: what an event's team writes to everybody who registered, and what they are told when it is called off."""
