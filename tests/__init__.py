"""Tests, grouped by what they need. Their names are sentences."""
