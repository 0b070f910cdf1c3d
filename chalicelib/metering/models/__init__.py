"""The models and formatters that a run can name: eemeter's under one interface, and our own."""
