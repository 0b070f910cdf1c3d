"""`python -m benchmarks.equality [SAMPLE ...]` compares our results with those of eemeter."""

import sys

from benchmarks.equality.samples import main

sys.exit(main(sys.argv[1:]))
