"""`python -m benchmarks.load [--minutes 10] [--clients 16] [--runs 1000]`: see benchmarks/load/report.py."""

from benchmarks.load.report import main

main()
