"""For how long what belongs to events is kept: personal data of past ones, and all of those that were deleted."""
