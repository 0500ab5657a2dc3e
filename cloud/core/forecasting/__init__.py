"""Forecasts of demand: how much a day, how sure, by which method, and why that one. Pure numpy, many SKUs at a time.

Two doors. `daily` takes units a day of many SKUs and gives the mean and the quantiles of the demand over a lead time;
`choose` takes a few numbers a week, month or quarter each and gives the numbers that follow. Both know the past alone:
what comes in later changes no earlier forecast. What stands in here: classes of demand, smoothing, methods, seasons,
quantiles and their recalibration, measures of accuracy. What does not: calendars, money, stock and what to order.

Rows are SKUs, columns are days or periods, oldest first. NaN before the first day an SKU existed; a day out of stock is
*censored*: its demand is not known, and never taken for none.
"""
