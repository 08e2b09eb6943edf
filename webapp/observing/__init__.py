"""What can be seen of Turnout from outside: figures, logs, traces, and whether it is well."""
