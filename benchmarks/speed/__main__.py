"""`python -m benchmarks.speed [ROUNDS]` compares our fits and meter runs with those of eemeter."""

import sys

from benchmarks.speed.fits import main

if __name__ == "__main__":  # processes that the benchmark starts import this file too
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
