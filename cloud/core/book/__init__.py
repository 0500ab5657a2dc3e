"""The book: what is there, what it is worth and why, all of it a fold of facts that are only ever added to.

A fact is an `Entry` with the time it happened and the time it was known. Nothing derived is kept here or stored
elsewhere: a fact that comes late is folded in its place, and no fact is ever changed. Orders, promises and plans
are other rooms'; no clock, no database.
"""
