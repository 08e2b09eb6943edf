"""Organisers: who runs events here, the people in their teams, and how one gets into a team."""
