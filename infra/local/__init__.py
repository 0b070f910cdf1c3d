"""The whole system on a laptop: `python -m infra.local up`."""
