"""The arithmetic of ordering: how much, when, and what it is expected to cost. Pure, numpy and the standard library.

Every function works in one *period* (the plan's is a day): demand, holding and backorder costs are a period's. Units
are whole where stock is; money is float. Demand is a pmf: an array whose entry k is the probability of k units. A
*position* is on hand + on order - backorders, and may be negative. Nonsense (NaN, no holding cost, no demand) is a
ValueError that says what and what to do. What demand will be is not foretold here, and no need is opened or stored.
"""
