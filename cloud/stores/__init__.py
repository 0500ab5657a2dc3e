"""Two ports to what lasts: `Ledger` (relational truth) and `History` (time series); adapters chosen by URL scheme."""
