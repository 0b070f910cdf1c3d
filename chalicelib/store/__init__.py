"""DynamoDB tables, S3 documents and series, the queue: the only room that imports boto3 or pynamodb."""
