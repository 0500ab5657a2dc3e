"""Failures foretold: of refrigeration, machines and the sensors themselves, from what they report."""
