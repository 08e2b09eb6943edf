"""The places of an event: counted in one function, written in a ledger, audited."""
