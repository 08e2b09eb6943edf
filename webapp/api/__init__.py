"""The JSON API under /api/v1: its conventions, one module each, and its resources on top of them."""
