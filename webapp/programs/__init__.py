"""Programs: the tokens they carry instead of a password, and how they are recognised."""
