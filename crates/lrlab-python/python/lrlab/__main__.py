"""`python -m lrlab` is the command `lrlab`."""

import sys

from lrlab._command import main

sys.exit(main())
