"""One process at a time, across processes."""

import multiprocessing
import time
from pathlib import Path

from infra.locks import exclusive


def hold(lock: Path, log: Path) -> None:
    with exclusive(lock, "waiting"):
        with log.open("a") as file:
            file.write("in ")
        time.sleep(0.2)
        with log.open("a") as file:
            file.write("out ")


def test_only_one_process_is_inside(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    lock, log = tmp_path / "new" / "lock", tmp_path / "log"
    processes = [context.Process(target=hold, args=(lock, log)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert log.read_text().split() == 3 * ["in", "out"]
