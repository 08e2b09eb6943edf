"""What changed, for programs: kept in one order, each change once, for as long as the operator says."""
