"""What a request must satisfy beyond its schema: limits, periods, units, derivatives that agree."""
