"""Exports: flat tables of what is stored, as files in S3."""
