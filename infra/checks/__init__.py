"""Checks of the final template and of the functions' policies."""
