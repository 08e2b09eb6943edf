"""Events: made, edited, published, found."""
