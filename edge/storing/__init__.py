"""What store.py is made of: the schema, the outbox in its rows and blocks, the disk's limits, the mending of damage."""
