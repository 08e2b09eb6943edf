"""The board of MongoDB and Redis."""

from ops.grafana.panel import MONGODB, Board, J, Panel, number, quantile, rate

DATABASE = Board(
    "database",
    "Turnout: MongoDB and Redis",
    "What the workers ask of both, as they see it.",
    [
        [
            number("Commands", "ops", f"sum({rate(MONGODB + '_count')})"),
            number("Failing", "ops", f"sum({rate('turnout_mongodb_command_failures_total')})", 0.1, 1),
            number("Find, p99", "s", 'turnout:mongodb_seconds:p99_5m{command="find"}', 0.1, 0.5),
            number("Connections in use", "none", f"sum(turnout_mongodb_connections_in_use{{{J}}})"),
            number("Waiting for one, p99", "s", quantile(0.99, "turnout_mongodb_connection_wait_seconds"), 0.05, 0.5),
            number("Requests not counted", "ops", f"sum({rate('turnout_uncounted_total')})", 0.1, 1),
        ],
        [
            Panel("Commands by kind", "ops", [(f"sum by (command) ({rate(MONGODB + '_count')})", "{{command}}")]),
            Panel(
                "Commands by collection",
                "ops",
                [(f"sum by (collection) ({rate(MONGODB + '_count')})", "{{collection}}")],
            ),
        ],
        [
            Panel("Time by command, p99", "s", [("turnout:mongodb_seconds:p99_5m", "{{command}}")]),
            Panel(
                "Slowest, p90",
                "s",
                [(f"topk(8, {quantile(0.9, MONGODB, 'command, collection')})", "{{command}} {{collection}}")],
            ),
        ],
        [
            Panel(
                "Failures",
                "ops",
                [
                    (
                        f"sum by (command, collection, code) ({rate('turnout_mongodb_command_failures_total')})",
                        "{{command}} {{collection}} {{code}}",
                    )
                ],
                about="11000 is a duplicate key, 112 a write conflict: two people at once, which the code answers.",
            ),
            Panel("Connections", "none", [(f"sum by (instance) (turnout_mongodb_connections{{{J}}})", "{{instance}}")]),
            Panel(
                "Kept for a time",
                "none",
                [(f"max by (collection) (turnout_kept_documents{{{J}}})", "{{collection}}")],
                about="It levels off where as much is added as runs out; see /admin for how long things are kept.",
            ),
        ],
        [
            Panel(
                "Redis, calls",
                "ops",
                [(f"sum by (call) ({rate('turnout_redis_call_duration_seconds_count')})", "{{call}}")],
            ),
            Panel(
                "Redis, p99",
                "s",
                [(quantile(0.99, "turnout_redis_call_duration_seconds", "call", ', call!="read"'), "{{call}}")],
                about="Without `read`, which waits up to a second for news.",
            ),
            Panel(
                "Redis, failures", "ops", [(f"sum by (call) ({rate('turnout_redis_call_failures_total')})", "{{call}}")]
            ),
        ],
    ],
)
