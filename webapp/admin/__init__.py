"""Looking after the installation: its people, its organisers, its health, and for how long things are kept."""
