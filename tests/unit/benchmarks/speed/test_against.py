"""The comparison with an earlier commit."""

import os
import subprocess
import sys
import time

import pytest

from benchmarks.speed.against import cpu_seconds, stack_of


def test_the_cpu_seconds_of_a_session_include_those_of_its_children_that_have_ended() -> None:
    burn = "import time\nwhile time.process_time() < 0.35: pass"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])\nprint(1, flush=True)\ninput()"
    process = subprocess.Popen(
        [sys.executable, "-c", parent], start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert 0.3 <= cpu_seconds(os.getsid(process.pid)) < 10
    process.communicate(b"\n")


def test_a_session_that_works_uses_more_and_more() -> None:
    before, until = cpu_seconds(os.getsid(0)), time.process_time() + 0.1
    while time.process_time() < until:
        pass
    assert cpu_seconds(os.getsid(0)) > before


def test_an_unknown_commit_is_named() -> None:
    with pytest.raises(SystemExit, match="'no-such-commit' is not a commit"), stack_of("no-such-commit"):
        pass
