"""Real processes together: what is shipped starts, works and stops."""
