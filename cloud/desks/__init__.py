"""Where people and papers act: shells around the pure rooms that keep the book, promises, counts, orders and figures.

Each holds in memory what its facts amount to, decides by its room of `cloud.core`, stores what came of it, and then
enters that. One thing is decided at a time; the ledger has the last word where two are at it.
"""
