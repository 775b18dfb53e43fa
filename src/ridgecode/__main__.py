"""`python -m ridgecode`."""

import sys

from ridgecode.cli import main

sys.exit(main())
