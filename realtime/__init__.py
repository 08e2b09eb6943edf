"""Live regions: what a page shows follows the database by itself, over WebSocket, SSE or polling.

A region is declared with `@region`; an `Engine` draws it for pages and streams it to whoever watches.
"""

from realtime.drawing import Drawn, viewers
from realtime.engine import Engine
from realtime.region import Bound, all_regions, anyone, region
from realtime.roster import Limits
from realtime.shared import Away
from realtime.upkeep import lasting
from realtime.visit import Refused

__all__ = [
    "Away",
    "Bound",
    "Drawn",
    "Engine",
    "Limits",
    "Refused",
    "all_regions",
    "anyone",
    "lasting",
    "region",
    "viewers",
]
