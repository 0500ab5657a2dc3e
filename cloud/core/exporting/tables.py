"""Every table there is."""

from __future__ import annotations

from cloud.core.exporting import care_tables, people_tables, stock_tables, trade_tables
from cloud.core.exporting.columns import Table

_ALL = (*stock_tables.TABLES, *trade_tables.TABLES, *care_tables.TABLES, *people_tables.TABLES)
TABLES: dict[str, Table] = {one.name: one for one in _ALL}
"""By name."""
