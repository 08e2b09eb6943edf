"""The update that every contender sends: a number that the viewers read back, padded to a size in bytes."""

MARK = b"write #"


def update(number: int, size: int) -> str:
    """HTML of exactly `size` bytes that says which write it shows."""
    head = f'<p id="bench" class="bench">write #{number}. '
    return head + "x" * (size - len(head) - 4) + "</p>"
