"""`python -m benchmarks.validation` writes docs/validation.md."""

from benchmarks.validation.page import main

if __name__ == "__main__":  # processes that the benchmark starts import this file too
    main()
