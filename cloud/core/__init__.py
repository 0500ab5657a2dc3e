"""What the service knows and decides. Pure: no clock, no I/O, no logging; time comes in as an argument."""
