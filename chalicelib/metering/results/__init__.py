"""The results of a run: derivatives, savings, and the sums for plots."""
