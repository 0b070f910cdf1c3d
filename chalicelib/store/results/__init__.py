"""What successful runs found: meter results, derivatives, aggregation results, and which derivatives are newest."""
