"""Pure parts by themselves: tables of cases, properties, examples. No network, no other process."""
