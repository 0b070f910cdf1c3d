"""Pure computation: which derivatives agree, and how they add up. Standard library only."""
