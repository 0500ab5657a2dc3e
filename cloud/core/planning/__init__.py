"""The arithmetic of ordering: how much, when, and what it is expected to cost. Pure, numpy and the standard library.

Every function works in one *period* (the plan's is a day): demand, holding and backorder costs are a period's. Units
are whole where stock is; money is float. Demand is a pmf: an array whose entry k is the probability of k units. A
*position* is on hand + on order - backorders, and may be negative. Nonsense (NaN, no holding cost, no demand) is a
ValueError that says what and what to do. What demand will be is not foretold here, and no need is opened or stored.

Whose user is who: `choice`, `levels`, `points` and `lots` make the plan's cards, `fitting` and `expiry` where shelves
or a shelf life bound them; `policies` those of items that ask for a policy by name, with `bounds`, `newsvendor` (one
shelf life) and `dynamic.order_to_demand`; where a backorder cost is given it compares with the rules of `textbook`
and the power approximation. `dynamic.wagner_whitin` makes schedules of known demand; can-order levels (`joint`) and
price breaks are purchasing's. No caller but who imports them have `supply` (suppliers that close or deliver another
amount), the cycles of `joint` (`silver_cycle`, `cycle`), `newsvendor.expected_profit`, production lots and the other
rules of `textbook`: they answer questions of design, and stand here because the published answers are met by them,
one and all (tests/unit/test_planning_oracles.py).
"""
