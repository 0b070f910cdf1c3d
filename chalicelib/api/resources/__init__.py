"""The API's resources, one file each: its schemas, its endpoints and what they do."""
