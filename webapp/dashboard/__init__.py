"""The truth about an event in numbers, live, and as it was at any moment before."""
