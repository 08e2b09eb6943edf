"""The form of the secrets that programs carry."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from webapp.programs import secret
from webapp.programs.secret import Kind


@given(some.binary(min_size=32, max_size=32))
def test_256_bits_always_have_the_form_that_scanners_look_for(content: bytes) -> None:
    text = secret.made(Kind.API_TOKEN, content)
    assert re.fullmatch(r"to_[0-9A-Za-z]{49}", text)
    assert secret.is_whole(Kind.API_TOKEN, text)


def test_two_contents_are_never_one_secret() -> None:
    texts = {secret.made(Kind.API_TOKEN, number.to_bytes(32, "big")) for number in (0, 1, 62, 2**255, 2**256 - 1)}
    assert len(texts) == 5


@pytest.mark.parametrize("harm", ["truncated", "mistyped", "of another kind", "longer", "empty", "with a new line"])
def test_what_is_not_whole_is_known_without_asking_anybody(harm: str) -> None:
    text = secret.made(Kind.API_TOKEN, bytes(32))
    harmed = {
        "truncated": text[:-1],
        "mistyped": f"{text[:10]}x{text[11:]}",
        "of another kind": text.replace("to_", "tr_"),
        "longer": f"{text}0",
        "empty": "",
        "with a new line": f"{text}\n",
    }
    assert not secret.is_whole(Kind.API_TOKEN, harmed[harm])


def test_the_next_refresh_token_takes_both_what_the_program_and_what_the_database_has() -> None:
    first, other = secret.fresh(Kind.REFRESH_TOKEN), secret.fresh(Kind.REFRESH_TOKEN)
    assert secret.after(first, "nonce") == secret.after(first, "nonce")
    assert len({secret.after(first, "nonce"), secret.after(first, "other"), secret.after(other, "nonce")}) == 3
