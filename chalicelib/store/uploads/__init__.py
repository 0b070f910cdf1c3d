"""Uploaded files, and their imports."""
