"""AWS's published limits, and how the code waits when it meets one.

Each field names the page it is from. Below are the quotas of a new account; many can be raised on request.
"""

import math
from dataclasses import dataclass, fields

from chalicelib.store.shared import bulk, retries, transactions

ON_DEMAND_WINDOW = 30 * 60  # seconds; see Limits.table_writes


@dataclass(frozen=True)
class Limits:
    """Rates are per second.

    docs: https://docs.aws.amazon.com/. ddb: docs/amazondynamodb/latest/developerguide/.
    """

    # docs/lambda/latest/dg/services-sqs-scaling.html: five batches at first, up to 300 more a minute, up to 1,000.
    source_start: float = 5
    source_growth: float = 300 / 60
    source_maximum: float = 1_000
    # docs/lambda/latest/dg/gettingstarted-limits.html: concurrent executions of an account in a region.
    account_concurrency: float = 1_000
    # docs/lambda/latest/dg/scaling-behavior.html: 1,000 environments per function every 10 seconds, refilled gradually.
    lambda_start: float = 1_000
    lambda_growth: float = 1_000 / 10
    # docs/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html: messages in flight of a standard queue.
    # Its API calls are not limited in practice: .../quotas-messages.html.
    in_flight: float = 120_000
    # ddb/bp-partition-key-design.html and ddb/gsi-throttling.html: of a partition, and so of a key, in tables and
    # indexes. A partition that is split for its traffic gains nothing for a single key, and splits take time
    # (ddb/burst-adaptive-capacity.html): none are assumed. Burst capacity beyond a second is not promised, nor assumed.
    key_writes: float = 1_000
    key_reads: float = 3_000
    # ddb/warm-throughput-scenarios.html: of a new on-demand table or index. It is throttled above twice its previous
    # peak within 30 minutes (ddb/pre-warming-on-demand-capacity-mode.html); here it doubles every 30 minutes of use.
    table_writes: float = 4_000
    table_reads: float = 12_000
    # ddb/ServiceQuotas.html: of an on-demand table, and of each index.
    table_quota: float = 40_000
    # docs/AmazonS3/latest/userguide/optimizing-performance.html: per partitioned prefix. S3 splits one gradually.
    s3_puts: float = 3_500
    s3_gets: float = 5_500
    # docs/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html: PutLogEvents of an account in us-east-1, in an
    # earlier edition; current accounts may have more. Lambda delivers logs in the background: it delays no runs.
    put_log_events: float = 1_500


# What replaces them to see the model without any limit.
NO_LIMITS = Limits(**{field.name: math.inf for field in fields(Limits)})


@dataclass(frozen=True)
class Pauses:
    """Up to `attempts` calls; before the n-th retry a random pause of up to min(longest, first * 2 ** (n - 1)) s."""

    attempts: int
    first: float
    longest: float


# The transaction that ends a run: store.shared.transactions.commit. `first` is the default of retries.attempts.
TRANSACTION = Pauses(transactions.ATTEMPTS, 0.02, retries.LONGEST)
# BatchWriteItem: store.shared.bulk.
BULK = Pauses(bulk.ATTEMPTS, 0.05, retries.LONGEST)
# Other writes: pynamodb makes 4 attempts in botocore's standard mode (botocore.retries.standard.ExponentialBackoff).
UPDATE = Pauses(4, 1.0, 20.0)
# S3: boto3 makes 5 attempts in its default, legacy mode (botocore.retryhandler.delay_exponential).
S3 = Pauses(5, 1.0, math.inf)

# Of infra/template/resources.yaml: seconds before a returned message is delivered again, multiplied by its deliveries;
# claims of a run; deliveries of a message.
RETRY_DELAY, MAX_ATTEMPTS, QUEUE_TRIES = 60, 3, 20
