"""The complete inputs of meter runs, for the meter worker and for the check."""
