"""The document of the API, asked by other people's programs, and the pages about it."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from quart import Quart

from tests.api.conftest import Program
from webapp.api import document


@pytest.fixture
def made(app: Quart) -> dict[str, Any]:
    return document.made(app)


def test_it_is_openapi(made: dict[str, Any]) -> None:
    assert made["openapi"].startswith("3.1")
    validate(made)


async def test_it_is_sent(nobody: Program, made: dict[str, Any]) -> None:
    told = await nobody.reads("/api/v1/openapi.json")
    assert told.said == made
    assert (await nobody.reads("/api/v1/openapi.json", If_None_Match=told.tag)).status == 304


def operations(made: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(f"{method} {path}", one) for path, methods in made["paths"].items() for method, one in methods.items()]


def test_every_operation_is_known_by_a_name_of_its_own(made: dict[str, Any]) -> None:
    names = [one["operationId"] for _, one in operations(made)]
    assert len(names) == len(set(names)) >= 60


def test_every_body_refuses_what_it_does_not_know_and_has_an_example(made: dict[str, Any]) -> None:
    bodies = [
        (name, content["schema"]["$ref"].rpartition("/")[2])
        for name, one in operations(made)
        for content in one.get("requestBody", {}).get("content", {}).values()
    ]
    assert len(bodies) >= 30
    for name, body in bodies:
        schema = made["components"]["schemas"][body]
        assert schema.get("additionalProperties") is False, name
        assert schema.get("examples"), name


def test_every_answer_has_an_example_that_is_true_to_its_schema(made: dict[str, Any]) -> None:

    schemas = made["components"]["schemas"]
    for name, schema in schemas.items():
        for example in schema.get("examples", ()):
            faults = Draft202012Validator({**schema, "components": {"schemas": schemas}}).iter_errors(example)
            assert [fault.message for fault in faults] == [], name


async def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(
    app: Quart, made: dict[str, Any]
) -> None:
    page = await (await app.test_client().get("/help/api")).get_data(as_text=True)
    assert page.count("<details") >= len(operations(made))
    assert all(f'id="{one["operationId"]}"' in page for _, one in operations(made))
    assert not re.search(r'(src|href)="https?://', page)
