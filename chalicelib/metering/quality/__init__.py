"""Data quality: what the readings and temperatures of a run are like, and what a person should know of it."""
