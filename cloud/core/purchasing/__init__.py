"""Purchasing: from a need to the goods on the shelf: orders and their life, from whom, what came, how suppliers do.

An order is a value, each change of it a new version; whether a step is possible is decided here, that it is stored and
sent is others' business. Money is in the site's currency, units are whole, times are UTC milliseconds. What cannot be
done is a `Refusal`. No clock, no database; how much to order, and when, is the room of planning's.
"""
