"""`python -m attnrec`: the command line."""

import sys

from attnrec.cli import main

sys.exit(main())
