"""The whole database as one file, and back: without tools of MongoDB, at one instant, checked before it is used."""
