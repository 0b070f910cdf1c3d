"""Files that clients upload and download, as tables: CSV and Parquet. The only package that imports polars."""
