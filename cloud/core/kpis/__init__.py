"""Key figures of a site, live: what each means, the daily tallies they are folded from, what to do with dead stock.

A fact goes into the tallies of its SKU and day and into the site's sums of that day, in microseconds; a figure is made
of the sums. What an entry of the book does to an SKU is the room of the book's to say, what is expected that of
forecasting; how figures are drawn and worded is the dashboard's. No clock, no database.
"""
