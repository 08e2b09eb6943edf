"""The live benchmark: what a live viewer costs, and how soon it sees a write, beside others on the same machine."""
