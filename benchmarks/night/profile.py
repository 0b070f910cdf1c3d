"""What one meter run does: its calls to AWS, its capacity units and its time. All figures of the model are here."""

from dataclasses import dataclass

WRITERS = 8  # threads of an invocation that creates runs: store.shared.bulk.THREADS and store.runs.queue.THREADS
WRITTEN = 25  # runs per BatchWriteItem: store.shared.bulk.BATCH


@dataclass(frozen=True)
class Profile:
    """A daily meter run, and how runs are created. Capacity units are DynamoDB's; a unit in an index counts apart.

    A chain of invocations creates the runs, `chunk` at a time. Its seconds are those of unthrottled calls of 10 ms in
    8 threads, and 0.12 ms of CPU time per run (measured for bulk.put_all and queue.send with a stubbed network).
    """

    chunk: int = 10_000  # runs per invocation of the chain
    chunk_write: float = 1.5  # seconds of writing a chunk
    chunk_send: float = 1.5  # seconds of sending its messages
    chunk_other: float = 1.0  # seconds of everything else, such as starting the next invocation

    cpu: float = 0.24  # seconds on one full vCPU (1,769 MB); this and all calls and units: python -m benchmarks.cost
    spread: float = 0.2  # standard deviation of the logarithm of `cpu`
    latency: float = 0.010  # seconds of a call to AWS
    cold_start: float = 0.84  # seconds of a new worker (docs/speed.md)
    memory: int = 1769  # MB

    # Write units of creating a run, by BatchWriteItem: the item and three indexes.
    create_item: int = 1
    create_project: int = 1
    create_trace: int = 1
    create_status: int = 1
    # Of claiming it, by a conditional UpdateItem: the old entry of the index by status is deleted, the new one written.
    claim_item: int = 1
    claim_status: int = 2
    # Of ending it, by one transaction, in which each item counts twice.
    end_run: int = 2
    end_result: int = 2
    end_newest: int = 4  # the item, and its entry in the index by run, which is replaced
    end_shard: int = 2
    end_status: int = 2
    hold: float = 0.010  # seconds for which a transaction holds its items

    table_reads: int = 2  # of DynamoDB: the trace and the project, in a table each
    shard_reads: int = 1  # of the batch's shard, to see whether it was the batch's last run
    s3_gets: int = 1  # of the trace's series
    weather_gets: int = 2  # of the objects of a station that the worker does not have in memory
    stations: int = 100  # weather stations that the meters share

    batch_shards: int = 1_000  # items with the counts of a large batch, each with a partition key of its own
    status_shards: int = 8  # partition keys per status in the index by status
    s3_partitions: int = 1  # into which S3 has split the bucket's keys
    projects: int | None = None  # to which the meters belong, in order; None: each meter has its own

    @property
    def calls(self) -> int:
        """AWS calls of a run, in sequence, if the worker knows the station: the claim, reads, two puts, the end."""
        return 1 + self.table_reads + self.s3_gets + 2 + 1 + self.shard_reads

    @property
    def seconds(self) -> float:
        """The mean duration of a run in a warm worker, without throttling."""
        return self.cpu + self.calls * self.latency

    @property
    def end_units(self) -> int:
        """Write units of the transaction that ends a run, with those in the index."""
        return self.end_run + self.end_result + self.end_newest + self.end_shard + self.end_status
