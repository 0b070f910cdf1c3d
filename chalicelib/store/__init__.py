"""DynamoDB tables, S3 documents and series, SQS queues, the state machine, and calls of CheckRuns.

The only package of chalicelib that imports boto3 or pynamodb.
"""
