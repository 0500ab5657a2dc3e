"""One suite a port or seam, run over every implementation of it: brokers, histories, the web API."""
