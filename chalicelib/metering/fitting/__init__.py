"""The fit of a period's model, and the report on it."""
