"""Jobs: long work in short steps, which an execution of a state machine repeats until nothing is left.

A job is added in the transaction that makes its work necessary, and removed when a step says that all is done. Each
step can be repeated, is safe against a kill at any point, and against another execution of the same job. If an
execution ends before the job does, the reconciler starts another one.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aws_lambda_powertools import Logger
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.store.runs import state_machine
from chalicelib.store.shared.transactions import conditional_write
from chalicelib.store.tables.jobs import Job

J = TypeVar("J", bound=Job)

logger = Logger(child=True)

GRACE_PERIOD = 60  # seconds after which a request that has not started its job never will
CHECK_INTERVAL = 3 * 60  # seconds without a finished step after which the reconciler checks the execution


@dataclass(frozen=True)
class Jobs(Generic[J]):
    """The jobs of one table.

    machine: returns the ARN of their state machine. subject: returns what a job is about, which is the input of its
    executions. give_up: called, instead of starting another execution, with a job of which `limit` have ended.
    """

    table: type[J]
    machine: Callable[[], str]
    subject: Callable[[J], dict[str, Any]]
    give_up: Callable[[J], None] | None = None
    limit: int = 0

    def add(self, transaction: TransactWrite, job: J) -> None:
        """Add a job in a transaction, which fails if there already is one with this key."""
        transaction.save(job, condition=self._hash_key.does_not_exist())

    def start(self, job: J) -> None:
        """Start the execution of a job. Never raises: the reconciler starts what could not be started."""
        try:
            self._start(job)
        except Exception:
            logger.exception("a job was not started; the reconciler will start it", **self.subject(job))

    def extend(self, job: J) -> bool:
        """Postpone the check of a job, of which a step is about to begin; False if it does not exist any more."""
        actions: list[Action] = [self.table.due.set(int(time.time()) + CHECK_INTERVAL)]
        return conditional_write(lambda: job.update(actions=actions, condition=self._hash_key.exists()))

    def reconcile(self) -> int:
        """Start the overdue jobs whose execution has ended or was never started; returns their number.

        The next pass retries whatever fails.
        """
        started = 0
        for job in self.table.scan(filter_condition=self.table.due < int(time.time()), consistent_read=True):
            try:
                started += self._restart(job)
            except Exception:
                logger.exception("a job could not be restarted", **self.subject(job))
        return started

    @property
    def _hash_key(self) -> Any:
        return getattr(self.table, str(self.table._hash_keyname))

    def _restart(self, job: J) -> bool:
        execution = state_machine.find_named(self.machine(), self._name(job))
        if execution is not None and not execution.has_ended:
            self.extend(job)
            return False
        if execution is not None:
            logger.error(
                "the execution of a job has ended before it was done", reason=execution.reason, **self.subject(job)
            )
            if self.give_up is not None and job.execution >= self.limit:
                self.give_up(job)
                return False
        number = job.execution + (execution is not None)
        actions: list[Action] = [
            self.table.execution.set(number),
            self.table.due.set(int(time.time()) + CHECK_INTERVAL),
        ]
        unchanged = self.table.execution == job.execution
        if not conditional_write(lambda: job.update(actions=actions, condition=unchanged)):
            return False
        self._start(job)
        return True

    def _start(self, job: J) -> None:
        state_machine.start_named(self.machine(), self._name(job), self.subject(job))

    def _name(self, job: J) -> str:
        """The name of the newest execution of a job, after what the job is about."""
        about = (part for name, value in self.subject(job).items() for part in _parts(name, value))
        return "-".join((*about, str(job.execution), job.document))


def first_check() -> int:
    """When the reconciler checks a job that is added now, in epoch seconds."""
    return int(time.time()) + GRACE_PERIOD


def _parts(name: str, value: Any) -> tuple[str, ...]:
    return (name, str(value)) if isinstance(value, int) else (str(value).lower(),)
