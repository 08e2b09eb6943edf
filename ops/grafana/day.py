"""The board of an event's day."""

from ops.grafana.panel import FRESH, HTTP, MONGODB, Board, J, Panel, number, quantile, rate

REGISTERING = ', method="POST", route=~".*(regist|check-?in|ticket|waiting).*"'
FAILING = REGISTERING + ', status=~"5.."'
STEPS, CONFIRMED = "turnout_registration_steps_total", ', step="confirmed"'
SCANS, LET_IN = "turnout_checkins_total", ', kind="entry", result="ok"'
WRITING = ', command=~"insert|update|delete|findAndModify"'

DAY = Board(
    "day",
    "Turnout: an event's day",
    "For the screen in the back office while doors are open.",
    [
        [
            number("Open pages", "none", f"sum(turnout_live_connections{{{J}}})"),
            number(
                "As of",
                "s",
                f"max(turnout_live_relay_lag_seconds{{{J}}})",
                4,
                10,
                about="How old what the screens show may be.",
            ),
            number("Changes reach screens in, p99", "s", quantile(0.99, FRESH), 0.25, 1),
            number("Registered a minute", "none", f"60 * sum({rate(STEPS, CONFIRMED)})"),
            number("Let in a minute", "none", f"60 * sum({rate(SCANS, LET_IN)})"),
            number(
                "Of these failing",
                "percentunit",
                f"sum({rate(HTTP + '_count', FAILING)}) / sum({rate(HTTP + '_count', REGISTERING)})",
                0.001,
                0.01,
            ),
            number("Mails that wait", "none", f"max(turnout_mails_overdue{{{J}}})", 1, 50),
        ],
        [
            Panel(
                "Registrations and the line, a minute",
                "none",
                [(f"60 * sum by (step) ({rate(STEPS)})", "{{step}}")],
                about="Holds, registrations, offers and what ended, as the ledger has them.",
            ),
            Panel(
                "Not granted, a minute",
                "none",
                [(f"60 * sum by (reason) ({rate('turnout_registration_refusals_total')})", "{{reason}}")],
                about="sold_out: the places were gone; too_late: the hold or offer had ended.",
            ),
            Panel(
                "Scans a minute",
                "none",
                [(f"60 * sum by (kind, result) ({rate(SCANS)})", "{{kind}} {{result}}")],
                about="What every door was told; many `unknown` are copied or invented tickets.",
            ),
        ],
        [
            Panel(
                "Forms a minute",
                "none",
                [(f"60 * sum by (route, status) ({rate(HTTP + '_count', REGISTERING)})", "{{route}} {{status}}")],
            ),
            Panel(
                "Their time",
                "s",
                [(quantile(q, HTTP, more=REGISTERING), f"p{round(100 * q)}") for q in (0.5, 0.95, 0.99)],
            ),
        ],
        [
            Panel("Open pages", "none", [(f"sum by (transport) (turnout_live_connections{{{J}}})", "{{transport}}")]),
            Panel("From commit to wire", "s", [(quantile(q, FRESH), f"p{round(100 * q)}") for q in (0.5, 0.99)]),
        ],
        [
            Panel(
                "Turned away",
                "reqps",
                [
                    (f"sum by (limit) ({rate('turnout_limited_total')})", "too often: {{limit}}"),
                    (f"sum by (status) ({rate('turnout_live_handshakes_refused_total')})", "live {{status}}"),
                ],
            ),
            Panel(
                "Writes",
                "ops",
                [
                    (
                        f"sum by (collection) ({rate(MONGODB + '_count', WRITING)})",
                        "{{collection}}",
                    )
                ],
            ),
            Panel(
                "Event loop late by, p99",
                "s",
                [(quantile(0.99, "turnout_event_loop_lag_seconds", "instance"), "{{instance}}")],
            ),
        ],
    ],
    refresh="5s",
)
