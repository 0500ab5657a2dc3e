"""What the gateway infers and decides. Pure folds: no clock, no I/O, no logging; time comes in as an argument."""
