"""What temperature did to goods: kinetic means, excursions and breaches, budgets out of range, shelf life used."""
