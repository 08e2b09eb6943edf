"""What people are written about places in the line."""

from webapp.mail.letter import Letter

PAGE = "/registration"


def offered(title: str, until: str, registration_id: str) -> Letter:
    """To somebody whose turn it is."""
    said = [
        f"There is room for you now at “{title}”. It is kept for you until {until}.",
        "If you do not want it any more, pass it on with one tap; the next in line will be glad.",
    ]
    return Letter(subject=f"It is your turn: {title}", paragraphs=said).with_link("See it", PAGE, registration_id)
