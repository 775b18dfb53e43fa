"""`python -m ridgecode`."""

import sys

from ridgecode.commands.cli import main

sys.exit(main())
