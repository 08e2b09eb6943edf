"""What people are written about their programs. Nothing that somebody typed is quoted."""

from webapp.mail.letter import Letter

ALARM = "If this was not you, revoke it there at once and choose a new password."


def token_made() -> Letter:
    """To whoever made a token, or whose account somebody else made it with."""
    said = "A token was made with your account. With it a program can do, for as long as was said, what was allowed."
    letter = Letter(subject="A new token for a program", paragraphs=[said, ALARM])
    return letter.with_link("Your tokens", "/me/tokens")


def copied() -> Letter:
    """To somebody whose program's refresh token came from two places."""
    said = (
        "A token of one of your programs was used again after it had been replaced. Somebody may have copied it, so "
        "that program is signed out. Sign it in again, and look where it keeps its tokens."
    )
    return Letter(subject="A program was signed out", paragraphs=[said]).with_link("Your account", "/me")
