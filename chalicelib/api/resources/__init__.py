"""The API's resources, one file each, with its schemas and endpoints."""
