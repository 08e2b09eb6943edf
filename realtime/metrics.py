"""What the live engine tells Prometheus; the only door to prometheus_client here."""

from prometheus_client import Counter, Gauge, Histogram

_P = "turnout_live_"

connections = Gauge(f"{_P}connections", "Open live streams.", ["transport"], multiprocess_mode="livesum")
rooms = Gauge(f"{_P}rooms", "Distinct sets of regions being watched.", multiprocess_mode="livesum")
watched = Gauge(f"{_P}regions_watched", "Regions that somebody watches.", multiprocess_mode="livesum")
behind = Gauge(f"{_P}connections_behind", "Streams whose reader does not keep up.", multiprocess_mode="livesum")
draws = Counter(f"{_P}draws_total", "Regions drawn; `same` gave the HTML that was there.", ["result"])
draw_seconds = Histogram(f"{_P}draw_seconds", "Time to load and draw one region.")
frames = Counter(f"{_P}frames_total", "Frames handed to connections.", ["transport"])
sent_bytes = Counter(f"{_P}sent_bytes_total", "Bytes of frames handed to connections.", ["transport"])
encoded = Counter(f"{_P}frames_encoded_total", "Frames made, each for all connections of a room in step.")
change_to_wire = Histogram(
    f"{_P}change_to_wire_seconds",
    "From a write's commit to its frame on the connections.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10),
)
refused = Counter(f"{_P}handshakes_refused_total", "Connections refused.", ["status"])
regions_refused = Counter(f"{_P}regions_refused_total", "Regions asked for and not given.", ["reason"])
ended = Counter(f"{_P}streams_ended_total", "Streams that this side ended.", ["reason"])
resets = Counter(f"{_P}resets_total", "Times every watched region was drawn anew.", ["reason"])
changes = Counter(f"{_P}changes_total", "Changes read.", ["source"])
appends = Counter(f"{_P}log_appends_total", "Appends to the log.", ["result"])
log_length = Gauge(f"{_P}log_entries", "Entries in the log.", multiprocess_mode="livemostrecent")
relay_lag = Gauge(
    f"{_P}relay_lag_seconds", "Age of the newest heartbeat that came through.", multiprocess_mode="livemax"
)
lease = Gauge(f"{_P}relay_lease", "1 where the relay runs.", multiprocess_mode="livesum")
source = Gauge(f"{_P}source_is_log", "1 while reading the log, 0 on MongoDB directly.", multiprocess_mode="livemin")

redis_seconds = Histogram(
    "turnout_redis_call_duration_seconds",
    "Calls to Redis that were answered; `read` waits up to a second for news.",
    ["call"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
redis_failures = Counter("turnout_redis_call_failures_total", "Calls to Redis that were not answered.", ["call"])
