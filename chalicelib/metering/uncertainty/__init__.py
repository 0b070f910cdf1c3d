"""The uncertainty of a sum of predictions: the methods that a run's `uncertainty` can name."""
