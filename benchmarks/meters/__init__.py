"""Simulated and sample meters whose readings and temperatures the benchmarks share."""
