"""The bodies, responses and filters of the resources that have the most fields."""
