"""How the devices themselves are: their traffic, and what their own readings say against them. Pure."""
