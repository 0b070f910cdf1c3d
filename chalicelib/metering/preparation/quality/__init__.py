"""Data quality: checks and reports of the readings and temperatures of a run."""
