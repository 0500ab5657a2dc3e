"""What several device families need to read a message: JSON, times, units, paths, names of fields. Pure."""
