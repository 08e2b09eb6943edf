"""Turnout's web application; `app.py` is where everything meets."""
