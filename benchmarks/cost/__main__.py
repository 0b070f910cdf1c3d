"""`python -m benchmarks.cost` prints the tables of docs/cost.md."""

from benchmarks.cost.report import main

main()
