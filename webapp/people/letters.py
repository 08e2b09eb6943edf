"""What people are written about their accounts. Nothing that a stranger typed is quoted."""

from webapp.mail.letter import Letter

LASTS = "The link works once, for two hours."
NOT_YOU = "If this was not you, ignore this mail; nothing has changed."
ALARM = "If this was not you, choose a new password at once: press “Forgotten password?” where you sign in."


def join(token: str) -> Letter:
    """To an address that somebody signs up with."""
    said = ["Somebody, probably you, wants to open an account with this address. Confirm it to go on.", LASTS, NOT_YOU]
    return Letter(subject="Confirm your e-mail address", paragraphs=said).with_link("Confirm", "/join", token)


def known(token: str) -> Letter:
    """To an address that somebody signs up with although it has an account."""
    said = ["You have an account with this address already; just sign in. A new password can be chosen here.", LASTS]
    letter = Letter(subject="You have an account already", paragraphs=[*said, NOT_YOU])
    return letter.with_link("Choose a new password", "/new-password", token)


def password(token: str) -> Letter:
    """To somebody who forgot the password."""
    said = ["Somebody, probably you, asked for a new password for your account.", LASTS, NOT_YOU]
    letter = Letter(subject="Choose a new password", paragraphs=said)
    return letter.with_link("Choose a new password", "/new-password", token)


def unknown(token: str) -> Letter:
    """To an address that somebody wants a new password for although it has no account."""
    said = ["Somebody asked for a new password, but this address has no account. One can be opened here.", LASTS]
    letter = Letter(subject="There is no account with this address", paragraphs=[*said, NOT_YOU])
    return letter.with_link("Open an account", "/join", token)


def address(token: str) -> Letter:
    """To an address that somebody wants to change to."""
    said = ["You asked to use this address for your account from now on. Confirm it to go on.", LASTS, NOT_YOU]
    letter = Letter(subject="Confirm your new e-mail address", paragraphs=said)
    return letter.with_link("Confirm", "/new-address", token)


def taken() -> Letter:
    """To an address that somebody wants to change to although another account has it."""
    said = "Somebody wanted to use this address for another account. You have one with it, so nothing has changed."
    return Letter(subject="Your address stays yours", paragraphs=[said])


def address_changed(new: str) -> Letter:
    """To the old address."""
    return Letter(subject="Your e-mail address was changed", paragraphs=[f"Your account now uses {new}.", ALARM])


def password_changed() -> Letter:
    return Letter(
        subject="Your password was changed",
        paragraphs=["Your password was changed, and every other device was signed out.", ALARM],
    )


def second_step(*, is_on: bool) -> Letter:
    word = "on" if is_on else "off"
    return Letter(subject=f"Two-step sign-in is {word}", paragraphs=[f"Two-step sign-in was turned {word}.", ALARM])


def passkey_added(name: str) -> Letter:
    said = f"The passkey “{name}” was added to your account; it signs in without a password."
    stranger = "If this was not you, remove it from your account at once, and choose a new password."
    return Letter(subject="A passkey was added", paragraphs=[said, stranger]).with_link("Your account", "/me")


def passkey_removed(name: str) -> Letter:
    said = f"The passkey “{name}” was removed from your account; it signs in no more."
    return Letter(subject="A passkey was removed", paragraphs=[said, ALARM])


def deleted() -> Letter:
    return Letter(subject="Your account is deleted", paragraphs=["Your account and what it held are deleted."])
