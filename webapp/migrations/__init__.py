"""How a database of one version becomes that of the next: forward only, once, while older copies still run."""
