"""What people look for, as it stands in the address of a page and in the name of its live region."""

from typing import Any, ClassVar, Self
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, ValidationError


class Searching(BaseModel):
    """A search that is empty finds everything. What does not fit is left out, so that every address shows a page.

    `page` is the field that says where a page begins.
    """

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True, extra="ignore")
    page: ClassVar[str] = "after"

    @property
    def is_empty(self) -> bool:
        return self == type(self)()

    @property
    def query(self) -> str:
        """The canonical query string: the same search gives the same one."""
        return urlencode([(name, str(value)) for name, value in self if value])

    def but(self, **changes: Any) -> str:
        """The query string of the same search with changes, from its first page."""
        first = type(self).model_fields[self.page].default
        return self.model_copy(update={self.page: first, **changes}).query

    @classmethod
    def of(cls, given: dict[str, str]) -> Self:
        """The search in a page's arguments, without what cannot be understood."""
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = {str(one["loc"][0]) for one in error.errors()}
            return cls.model_validate({name: value for name, value in given.items() if name not in wrong})

    @classmethod
    def parse(cls, query: str) -> Self:
        """The search that has this `query`."""
        return cls.of(dict(parse_qsl(query)))
