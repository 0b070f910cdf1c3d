"""Pure functions that decide which derivatives can be summed, and sum them. Standard library only."""
