"""The page as a person meets it, in a real browser, served by a small warehouse in memory."""
