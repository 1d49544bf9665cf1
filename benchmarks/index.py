"""How fast both indices take mentions and answer people, from 10,000 mentions to 1,000,000; prints tables.

    python benchmarks/index.py --mentions 1000000 --keep /tmp/archive --plot docs/images/index.svg

Without arguments: 100,000 mentions, some five minutes; the full run takes about forty. See `--help`.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

if __name__ == "index":
    # A script that is run as a file looks beside itself first, and finds this page in the place of our package.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]
    del sys.modules[__name__]
    importlib.import_module(__name__)
elif __name__ == "__main__":
    sys.path[0] = str(HERE.parent)
    importlib.import_module("benchmarks._index_run").main()
