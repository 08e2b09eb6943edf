"""The board of other people's programs."""

from ops.grafana.panel import Board, J, Panel, number, quantile, rate

PROGRAMS = Board(
    "programs",
    "Turnout: programs",
    "What other people's programs are told: the changes, and webhooks.",
    [
        [
            number("Changes", "ops", f"sum({rate('turnout_changes_total')})"),
            number("Written down after, p99", "s", quantile(0.99, "turnout_change_delay_seconds"), 2, 10),
            number("Followers", "none", f"sum(turnout_change_followers{{{J}}})"),
            number("Had to start again", "none", f"sum(increase(turnout_changes_lost_total{{{J}}}[1d]))", 1, 1),
            number("Webhooks that wait", "none", f"max(turnout_webhooks_overdue{{{J}}})", 1, 20),
        ],
        [
            Panel("Followers", "none", [(f"sum by (transport) (turnout_change_followers{{{J}}})", "{{transport}}")]),
            Panel(
                "Changes, written down after",
                "s",
                [(quantile(q, "turnout_change_delay_seconds"), f"p{round(100 * q)}") for q in (0.5, 0.99)],
            ),
        ],
        [
            Panel(
                "Deliveries", "ops", [(f"sum by (result) ({rate('turnout_webhook_deliveries_total')})", "{{result}}")]
            ),
            Panel(
                "One delivery",
                "s",
                [(quantile(q, "turnout_webhook_delivery_seconds"), f"p{round(100 * q)}") for q in (0.5, 0.99)],
            ),
        ],
    ],
)
