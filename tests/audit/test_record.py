"""What may stand in a record."""

import pytest

from webapp.audit.record import SHOWN, differing
from webapp.people.person import Account


def test_only_what_differs_is_kept_as_text() -> None:
    before = {"title": "Jazz", "tags": ["a", "b"], "all_day": False, "capacity": None}
    after = {"title": "Jazz", "tags": ["a"], "all_day": True, "capacity": 80}
    assert differing(before, after) == (
        {"tags": "a, b", "all_day": "no", "capacity": ""},
        {"tags": "a", "all_day": "yes", "capacity": "80"},
    )


def test_a_long_text_is_cut_where_it_begins_to_differ_and_says_so() -> None:
    text = "so it goes on " * 200
    before, after = differing({"description": text}, {"description": text[:2000] + "NEW" + text[2000:]})
    assert "NEW" in after["description"]
    assert "NEW" not in before["description"]
    assert after["description"].endswith("… (2,803 characters in all)")
    assert len(after["description"]) < SHOWN + 50


@pytest.mark.parametrize("name", ["password", "new_password", "totp", "recovery", "token", "secret", "letter"])
def test_a_secret_is_refused_at_the_door(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        differing({}, {name: "x"})


def test_every_secret_of_an_account_is_one() -> None:
    secrets = {name for name, field in Account.model_fields.items() if not field.repr}
    for name in secrets:
        with pytest.raises(ValueError, match="must not hold"):
            differing({}, {name: "x"})
