"""The board of the live engine."""

from ops.grafana.panel import FRESH, RATE, Board, J, Panel, number, quantile, rate

LIVE = Board(
    "live",
    "Turnout: live engine",
    "From a write to every screen: relay, log, hub, rooms, wire.",
    [
        [
            number("Newest heartbeat", "s", f"max(turnout_live_relay_lag_seconds{{{J}}})", 4, 10),
            number(
                "Relays", "none", f"sum(turnout_live_relay_lease{{{J}}})", about="One; during a handover none or two."
            ),
            number("Workers on the log", "none", f"count(turnout_live_source_is_log{{{J}}} == 1)"),
            number("Rooms", "none", f"sum(turnout_live_rooms{{{J}}})"),
            number("Regions watched", "none", f"sum(turnout_live_regions_watched{{{J}}})"),
            number(
                "Behind",
                "none",
                f"sum(turnout_live_connections_behind{{{J}}})",
                50,
                500,
                about="Streams whose reader does not keep up.",
            ),
        ],
        [
            Panel(
                "Connections by transport",
                "none",
                [(f"sum by (transport) (turnout_live_connections{{{J}}})", "{{transport}}")],
            ),
            Panel(
                "Connections by instance",
                "none",
                [(f"sum by (instance) (turnout_live_connections{{{J}}})", "{{instance}}")],
            ),
        ],
        [
            Panel(
                "From commit to wire",
                "s",
                [(quantile(q, FRESH), f"p{round(100 * q)}") for q in (0.5, 0.9, 0.99)],
            ),
            Panel(
                "Drawing a region",
                "s",
                [(quantile(q, "turnout_live_draw_seconds"), f"p{round(100 * q)}") for q in (0.5, 0.99)],
            ),
        ],
        [
            Panel("Changes read", "ops", [(f"sum by (source) ({rate('turnout_live_changes_total')})", "{{source}}")]),
            Panel("Draws", "ops", [(f"sum by (result) ({rate('turnout_live_draws_total')})", "{{result}}")]),
            Panel(
                "Frames",
                "ops",
                [
                    (f"sum by (transport) ({rate('turnout_live_frames_total')})", "sent by {{transport}}"),
                    (f"sum({rate('turnout_live_frames_encoded_total')})", "encoded"),
                ],
            ),
            Panel("Sent", "Bps", [(f"sum by (transport) ({rate('turnout_live_sent_bytes_total')})", "{{transport}}")]),
        ],
        [
            Panel(
                "Refused",
                "ops",
                [
                    (f"sum by (status) ({rate('turnout_live_handshakes_refused_total')})", "handshake {{status}}"),
                    (f"sum by (reason) ({rate('turnout_live_regions_refused_total')})", "region {{reason}}"),
                ],
            ),
            Panel(
                "Ended by us", "ops", [(f"sum by (reason) ({rate('turnout_live_streams_ended_total')})", "{{reason}}")]
            ),
            Panel(
                "Drawn anew",
                "none",
                [(f"sum by (reason) (increase(turnout_live_resets_total{{{J}}}[{RATE}]))", "{{reason}}")],
            ),
            Panel(
                "Log",
                "none",
                [
                    (f"max(turnout_live_log_entries{{{J}}})", "entries"),
                    (f"sum by (result) ({rate('turnout_live_log_appends_total')})", "appends a second: {{result}}"),
                ],
            ),
        ],
    ],
)
