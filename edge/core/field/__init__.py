"""What people do to devices in the field: who was met, who stands where, what is said just now, what is read again."""
