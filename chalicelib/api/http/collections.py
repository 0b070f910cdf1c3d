"""The endpoints that collections of stored items have in common: list, create, get, change and delete."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Generic, Protocol, TypeVar

from chalicelib.api.http.endpoints import READ, WRITE, Call, Example, NoQuery, Reply, Resource
from chalicelib.api.http.fields import PageQuery
from chalicelib.api.http.paging import LINK, page_of
from chalicelib.api.http.urls import base_path

B = TypeVar("B")
F = TypeVar("F")
Q = TypeVar("Q", bound=PageQuery)
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Declare = Callable[[F], F]  # a decorator that declares a function as an endpoint, and returns it unchanged
Examples = Mapping[str, Example]


class Page(Protocol[T_co]):
    """One page of a list."""

    @property
    def items(self) -> Sequence[T_co]:
        """The items, as they are stored."""

    @property
    def next(self) -> int | None:
        """The id after which the next page starts; None on the last page."""


@dataclass(frozen=True)
class CollectionEndpoints(Generic[T]):
    """The items of a resource, which are stored as T.

    returns: the schema of an item in responses. out: returns an item as responses show it. Each method declares a
    function that reads or writes the store as an endpoint, which gets the function's name and docstring.
    """

    resource: Resource
    returns: Any
    out: Callable[[T], Mapping[str, Any]]

    @property
    def path(self) -> str:
        """The path of the list."""
        return f"/{self.resource.name}/"

    @property
    def item_path(self) -> str:
        """The path of an item."""
        return f"/{self.resource.name}/{{id}}/"

    def list(self, query: type[Q], *, examples: Examples) -> Declare[Callable[[Q], Page[T]]]:
        """Declare a function that returns the page that a query requests."""

        def declare(read: Callable[[Q], Page[T]]) -> Callable[[Q], Page[T]]:
            @self.resource.endpoint(
                "GET",
                self.path,
                scope=READ,
                query=query,
                returns=list[self.returns],  # type: ignore[name-defined]
                headers=LINK,
                examples=examples,
            )
            @wraps(read)
            def handler(call: Call[None, Q]) -> Reply:
                found = read(call.query)
                return page_of(call, [self.out(item) for item in found.items], found.next)

            return read

        return declare

    def create(
        self,
        body: type[B],
        *,
        read: Callable[[int], T | None],
        errors: Mapping[int, str] | None = None,
        examples: Examples,
    ) -> Declare[Callable[[B], T]]:
        """Declare a function that creates an item from a body and returns it. `read` returns the item with an id."""

        def created(call: Call[Any, Any], item: T) -> Reply:
            shown = self.out(item)
            return Reply(shown, {"Location": f"{base_path(call.request)}{self.path}{shown['id']}/"})

        def repeat(call: Call[Any, Any], recorded: Mapping[str, Any]) -> Reply | None:
            item = read(recorded["id"])
            return None if item is None else created(call, item)

        def declare(create: Callable[[B], T]) -> Callable[[B], T]:
            @self.resource.endpoint(
                "POST",
                self.path,
                scope=WRITE,
                body=body,
                returns=self.returns,
                status=201,
                headers={"Location": f"The path of the {self.resource.item}."},
                errors=errors,
                examples=examples,
                repeat=repeat,
            )
            @wraps(create)
            def handler(call: Call[B, NoQuery]) -> Reply:
                return created(call, create(call.body))

            return create

        return declare

    def get(self, *, examples: Examples) -> Declare[Callable[[int], T | None]]:
        """Declare a function that returns the item with this id, or None, which becomes a 404."""

        def declare(read: Callable[[int], T | None]) -> Callable[[int], T | None]:
            @self.resource.endpoint("GET", self.item_path, scope=READ, returns=self.returns, examples=examples)
            @wraps(read)
            def handler(call: Call[None, NoQuery]) -> Reply:
                return self._shown(call, read(call.id))

            return read

        return declare

    def change(
        self, body: type[B], *, errors: Mapping[int, str] | None = None, examples: Examples
    ) -> Declare[Callable[[int, B], T | None]]:
        """Declare a function that applies a body's changes to an item and returns it, or None, which becomes a 404."""

        def declare(change: Callable[[int, B], T | None]) -> Callable[[int, B], T | None]:
            @self.resource.endpoint(
                "PATCH",
                self.item_path,
                scope=WRITE,
                body=body,
                returns=self.returns,
                errors=errors,
                examples=examples,
            )
            @wraps(change)
            def handler(call: Call[B, NoQuery]) -> Reply:
                return self._shown(call, change(call.id, call.body))

            return change

        return declare

    def delete(self, *, errors: Mapping[int, str] | None = None) -> Declare[Callable[[int], bool]]:
        """Declare a function that deletes an item and returns whether it existed; False becomes a 404."""

        def declare(delete: Callable[[int], bool]) -> Callable[[int], bool]:
            @self.resource.endpoint("DELETE", self.item_path, scope=WRITE, status=204, errors=errors)
            @wraps(delete)
            def handler(call: Call[None, NoQuery]) -> Reply:
                if not delete(call.id):
                    raise call.not_found()
                return Reply(None)

            return delete

        return declare

    def _shown(self, call: Call[Any, Any], item: T | None) -> Reply:
        if item is None:
            raise call.not_found()
        return Reply(self.out(item))
