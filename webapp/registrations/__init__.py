"""Registrations: places held, confirmed, waited for, given back."""
