"""Full verdicts a second on one core (tokens, subjects, probability, category, risk), beside SnowNLP in the same run.

    python benchmarks/analysis.py [--posts 20000]

Each row runs in a process of its own, so that its peak memory is its own. Speeds are of the processor's time, which
other load on the machine disturbs less than the clock (it still does; the load is printed). Posts come in the worker's
batches. Public texts are used where ../shared/data is present; one post in five names the watched brand.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

if __name__ == "analysis":
    # A script that is run as a file looks beside itself first, and finds this page in the place of our package.
    sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]
    del sys.modules[__name__]
    importlib.import_module(__name__)
elif __name__ == "__main__":
    sys.path[0] = str(HERE.parent)
    importlib.import_module("benchmarks._analysis_rows").main()
