"""The EEmeter datastore: meter runs and their aggregation, without servers."""

__version__ = "0.1.0"
