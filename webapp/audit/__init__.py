"""The audit: who changed what, when, from where, and what stood there before and after."""
