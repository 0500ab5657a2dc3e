"""Alerts: one life cycle, one rule a file under `rules/`. Pure; time is passed in."""
