"""Where things lie."""

import os
from pathlib import Path

BENCHES = Path(__file__).resolve().parent.parent
ROOT = BENCHES.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
STAGE = ROOT / "target" / "stage"
OUT = ROOT / "target" / "bench"
PEERS = Path(os.environ.get("REDISCLIENT_PEERS", ROOT / ".cache" / "peers"))
SERVERS = Path(os.environ.get("REDISCLIENT_SERVERS", ROOT / ".cache" / "servers"))
BASELINE = BENCHES / "baseline.json"
RESULTS = BENCHES / "results"
PAGE = ROOT / "docs" / "performance.md"


def newest(pattern):
    """The newest fetched peer or server of a pattern, or None."""
    found = [path for base in (PEERS, SERVERS) for path in base.glob(pattern)]
    return max(found, key=_version, default=None)


def _version(path):
    numbers = path.name.rsplit("-", 1)[-1].split(".")
    return [int(number) if number.isdigit() else 0 for number in numbers]
