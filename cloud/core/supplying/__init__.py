"""What the service plans by: of every SKU its days of demand, its outlook and class, and the card that follows."""
