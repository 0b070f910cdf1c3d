"""Meter and aggregation runs: how they are scheduled, queued, claimed, counted and ended."""
