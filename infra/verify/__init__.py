"""Verify that a deployment keeps its promises: `python -m infra.verify --stack NAME`."""
