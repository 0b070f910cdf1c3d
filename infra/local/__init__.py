"""Run the whole system on one computer: `python -m infra.local up`."""
