"""DynamoDB tables, S3 documents and series, and SQS queues. The only package that imports boto3 or pynamodb."""
