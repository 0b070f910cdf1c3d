"""A local stack and results written to its tables, for benchmarks of the whole system."""
