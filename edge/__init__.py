"""The gateway: turns what devices publish into stock, here and now, and keeps it until the service signed for it."""
