"""Every table there is."""

from __future__ import annotations

from cloud.core.exporting import care_tables, stock_tables, trade_tables
from cloud.core.exporting.columns import Table

TABLES: dict[str, Table] = {one.name: one for one in (*stock_tables.TABLES, *trade_tables.TABLES, *care_tables.TABLES)}
"""By name."""
