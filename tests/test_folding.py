"""Names as people type them, and as they are found."""

import re

import pytest

from webapp.folding import beginnings, fold, words_of


def finds(typed: str, name: str) -> bool:
    known = words_of(name)
    wanted = [one["words"]["$regex"] for one in beginnings(typed)]
    return all(any(re.match(pattern, word) for word in known) for pattern in wanted)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("muller", "Jörg Müller"),
        ("mueller", "Jörg Müller"),
        ("MÜLLER jorg", "Jörg Müller"),
        ("strasse", "Anna Straße"),
        ("Straße", "Anna Strasse"),
        ("lodz", "Łódź Łukasz"),
        ("soren", "Søren Ægir"),
        ("soeren aeg", "Søren Ægir"),
        ("nguyen", "Nguyễn Văn A"),
        ("istanbul", "İstanbul"),
        ("o'brien", "Sinéad O’Brien"),
        ("brien", "Sinéad O’Brien"),
        ("luc", "Jean-Luc Picard"),
        ("jean-luc", "Jean‑Luc Picard"),
        ("иван", "Иван Чайкин"),
        ("чай", "Иван Чайкин"),
        ("ёлка", "Ёлка"),
        ("αθηνα", "Αθηνά"),
        ("小林", "小林 さくら"),
        ("ines@ex", "ines@example.org"),
    ],
)
def test_a_name_is_found_as_it_is_typed(typed: str, name: str) -> None:
    assert finds(typed, name)


@pytest.mark.parametrize(("typed", "name"), [("чаи", "Чайкин"), ("muler", "Müller"), ("es", "Ines"), (".*", "Ines")])
def test_another_name_is_not_found(typed: str, name: str) -> None:
    assert not finds(typed, name)


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert words_of("Ine\u0301s") == words_of("In\u00e9s") == ["ines"]


def test_a_mark_of_another_script_stays() -> None:
    assert fold("हिन्दी") == "हिन्दी"
    assert fold("が") == "が"
