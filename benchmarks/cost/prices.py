"""AWS's prices in US East (N. Virginia), in dollars, without the free tier and volume discounts.

Public list prices as of mid-2025 (DynamoDB's since 1 November 2024; Lambda bills initialization since 1 August 2025).
The pages are https://aws.amazon.com/SERVICE/pricing/, with lambda, api-gateway, sqs, dynamodb, s3, step-functions,
eventbridge, cloudwatch and xray. Check there before you rely on these prices.
"""

AS_OF = "mid-2025"
GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}  # of Lambda's memory
PRICES = {
    "Lambda, GB-seconds": GB_SECOND["x86_64"],
    "Lambda, requests": 0.20e-6,
    "API Gateway, requests": 3.50e-6,
    "SQS, requests": 0.40e-6,
    "DynamoDB, write units": 0.625e-6,
    "DynamoDB, read units": 0.125e-6,
    "DynamoDB, GB-months": 0.25 + 0.20,  # with point-in-time recovery
    "S3, writes and lists": 5.0e-6,
    "S3, reads": 0.4e-6,
    "S3, GB-months": 0.023,
    "Step Functions, state transitions": 25e-6,
    "EventBridge, events": 1.00e-6,
    "CloudWatch, GB of logs": 0.50,
    "CloudWatch, metrics": 0.30,  # a month
    "CloudWatch, alarms": 0.10,  # a month
    "CloudWatch, dashboards": 3.00,  # a month
    "X-Ray, traces": 5e-6,
}
