"""The board that is looked at first."""

from ops.grafana.panel import HTTP, RATE, Board, J, Panel, number, quantile, rate

OVERVIEW = Board(
    "overview",
    "Turnout: overview",
    "Is it well, and if not, where to look.",
    [
        [
            number("Workers", "none", f"sum(turnout_workers{{{J}}})"),
            number("Open pages", "none", f"sum(turnout_live_connections{{{J}}})"),
            number("Requests", "reqps", f"sum({rate(HTTP + '_count')})"),
            number("Failing", "percentunit", "turnout:http_errors:ratio5m", 0.005, 0.02),
            number("Page, p99", "s", "turnout:http_seconds:p99_5m", 0.3, 1),
            number("Change to screen, p99", "s", "turnout:live_seconds:p99_5m", 0.25, 1),
        ],
        [
            Panel("Requests by status", "reqps", [(f"sum by (status) ({rate(HTTP + '_count')})", "{{status}}")]),
            Panel(
                "Time of a page",
                "s",
                [(quantile(q, HTTP, more=', method="GET"'), f"p{round(100 * q)}") for q in (0.5, 0.9, 0.99)],
            ),
        ],
        [
            Panel(
                "Slowest routes, p90",
                "s",
                [(f"topk(8, {quantile(0.9, HTTP, 'method, route')})", "{{method}} {{route}}")],
            ),
            Panel(
                "Being answered now",
                "none",
                [(f"sum by (instance) (turnout_http_requests_in_progress{{{J}}})", "{{instance}}")],
            ),
        ],
        [
            Panel(
                "Processor",
                "percentunit",
                [(f"sum by (instance) ({rate('process_cpu_seconds_total')})", "{{instance}}")],
            ),
            Panel(
                "Memory",
                "bytes",
                [
                    (f"sum by (instance) (process_resident_memory_bytes{{{J}}})", "{{instance}}"),
                    (f"max(turnout_worker_resident_memory_max_bytes{{{J}}})", "the largest worker"),
                ],
            ),
            Panel(
                "Event loop late by, p99",
                "s",
                [(quantile(0.99, "turnout_event_loop_lag_seconds", "instance"), "{{instance}}")],
                about="How late somebody who slept is woken. Above 0.25 s everything on this worker waits.",
            ),
        ],
        [
            Panel("Too often", "reqps", [(f"sum by (limit) ({rate('turnout_limited_total')})", "{{limit}}")]),
            Panel("Mails", "none", [(f"sum by (result) (increase(turnout_mails_total{{{J}}}[{RATE}]))", "{{result}}")]),
            Panel(
                "Worker starts",
                "none",
                [(f"sum by (instance) (increase(turnout_worker_starts_total{{{J}}}[{RATE}]))", "{{instance}}")],
            ),
            Panel(
                "Version",
                "none",
                [(f"count by (version, python) (turnout_build_info{{{J}}})", "{{version}} on {{python}}")],
            ),
        ],
    ],
)
