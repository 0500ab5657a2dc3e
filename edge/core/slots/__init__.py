"""What lies in each slot: settled masses, bookings, tags and people's counts become one belief about a count. Pure."""
