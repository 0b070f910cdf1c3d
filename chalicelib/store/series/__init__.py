"""The readings of traces and the temperatures of stations, in S3."""
