"""The EEmeter datastore: serverless meter runs and their aggregation."""

__version__ = "0.1.0"
