"""Real processes under kill -9, frozen, cut off and out of room; and whether afterwards everything is there, once."""
