"""How a stage gets to AWS, and what it is there."""
