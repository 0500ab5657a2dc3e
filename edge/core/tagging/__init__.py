"""Which tags are where: presence, strays, gates, and how many tags nobody heard. Pure."""
