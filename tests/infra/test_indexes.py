"""Every query of the app has its index, and the checker that says so can say no."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest

from infra.offline.picture import Picture, first
from lib.app import case
from lib.app.case import INDEXED
from tests.house.source import Module, modules
from tests.infra.index_coverage import Indexes, Shape, declared, lacking, single, uncovered

COLLECTIONS = {"WORKS": case.WORKS, "ACTIVITY": case.ACTIVITY, "AUDITS": case.AUDITS}


def shapes_in(module: Module) -> Iterator[Shape]:
    """Read the queries off a file; one that is built in another way than by its words is refused."""
    tables = {
        target.id: node.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "Query"
        ):
            yield shape_of(node, tables)


def shape_of(call: ast.Call, tables: dict[str, ast.expr]) -> Shape:
    names = ("collection", "equals", "order_by", "descending")
    said: dict[str, Any] = dict(zip(names, call.args, strict=False))
    said |= {word.arg: word.value for word in call.keywords if word.arg in names}
    equals = said.get("equals", ast.Dict([], []))
    equals = tables[equals.id] if isinstance(equals, ast.Name) else equals
    assert isinstance(equals, ast.Dict), ast.unparse(call)
    order = said.get("order_by")
    down = said.get("descending")
    return Shape(
        COLLECTIONS[said["collection"].id],
        frozenset(str(ast.literal_eval(key)) for key in equals.keys if key is not None),
        ast.literal_eval(order) if order is not None else None,
        ast.literal_eval(down) if down is not None else False,
    )


def app_shapes() -> set[Shape]:
    rooms = [m for m in modules() if m.name.startswith(("lib.app", "lib.cli"))]
    # ``walk`` passes on what it was given.
    return {s for m in rooms if m.name != "lib.app.case" for s in shapes_in(m)}


def test_every_query_in_the_source_has_its_index() -> None:
    found = app_shapes()
    assert len(found) >= 8
    assert uncovered(found) == []


def test_every_composite_index_has_its_query() -> None:
    for index in declared().composite:
        without = Indexes(declared().composite - {index}, declared().overrides)
        assert uncovered(app_shapes(), without), f"nobody needs {index}"


def test_every_field_of_an_index_is_a_declared_one() -> None:
    for collection, fields in declared().composite:
        assert {field for field, _ in fields} <= set(INDEXED[collection])


def test_what_is_sorted_by_or_asked_for_alone_keeps_its_index() -> None:
    known = declared()
    for shape in app_shapes():
        if not shape.equals and shape.order_by:
            assert shape.direction in single(known, shape.collection, shape.order_by)
    assert single(known, "works", "summary.open") == {"ASCENDING"}
    assert single(known, "works", "work.plan.steps") == set()
    assert single(known, "works", "attempts.stills-1-1.started_at") == set()


def document(*indexes: tuple[str, ...], bare: tuple[str, ...] = ()) -> Indexes:
    """Indexes of the collection ``c``; ``-x`` is x descending. ``bare`` fields have none."""
    fields = [[{"fieldPath": f.strip("-"), "order": way(f)} for f in index] for index in indexes]
    said = [{"collectionGroup": "c", "queryScope": "COLLECTION", "fields": f} for f in fields]
    over = [{"collectionGroup": "c", "fieldPath": f, "indexes": []} for f in bare]
    return declared({"indexes": said, "fieldOverrides": over})


def way(field: str) -> str:
    return "DESCENDING" if field.startswith("-") else "ASCENDING"


def shape(*equals: str, by: str | None = None) -> Shape:
    order = by.strip("-") if by else None
    return Shape("c", frozenset(equals), order, bool(by and by.startswith("-")))


def in_order(case: Shape | Indexes) -> str:
    """Return a name for a case that is the same in every process: sets have no order."""
    if isinstance(case, Shape):
        return " ".join([*sorted(case.equals), f"by {'-' * case.descending}{case.order_by}"])
    return " ".join(sorted(map(str, [*case.composite, *case.overrides])))


@pytest.mark.parametrize(
    ("asked", "indexes"),
    [
        (shape(), document()),
        (shape("a"), document()),
        (shape("a", "b"), document()),
        (shape(by="x"), document()),
        (shape(by="-x"), document()),
        (shape("a", by="-x"), document(("a", "-x"))),
        (shape("a", "b", by="x"), document(("b", "a", "x"))),
        (shape("a", "b", by="x"), document(("a", "x"), ("b", "x"))),
        (shape("a", by="x"), document(("a", "x"), bare=("a", "x"))),
    ],
    ids=in_order,
)
def test_what_firestore_answers_is_covered(asked: Shape, indexes: Indexes) -> None:
    assert lacking(asked, indexes) == ""


@pytest.mark.parametrize(
    ("asked", "indexes"),
    [
        (shape("a", by="x"), document()),
        (shape("a", by="x"), document(("a", "-x"))),
        (shape("a", by="x"), document(("x", "a"))),
        (shape("a", by="x"), document(("a", "b", "x"))),
        (shape("a", "b", by="x"), document(("a", "x"))),
        (shape("a", "b", by="x"), document(("a", "x"), ("b", "-x"))),
        (shape("a"), document(bare=("a",))),
        (shape("m.a"), document(bare=("m",))),
        (shape("a", "b"), document(bare=("b",))),
        (shape(by="x"), document(bare=("x",))),
    ],
    ids=in_order,
)
def test_what_firestore_refuses_is_not_covered(asked: Shape, indexes: Indexes) -> None:
    assert lacking(asked, indexes) != ""


def test_an_index_of_another_collection_does_not_help() -> None:
    assert lacking(Shape("d", frozenset({"a"}), "x"), document(("a", "x"))) != ""


def test_terraform_creates_what_is_declared(found: Picture) -> None:
    planned = {
        (i["collection"], tuple((f["field_path"], f["order"]) for f in i["fields"]))
        for i in found.of("google_firestore_index")
    }
    assert planned == declared().composite
    overrides = {
        (f["collection"], f["field"]): frozenset(
            i["order"] for i in first(f["index_config"]).get("indexes") or ()
        )
        for f in found.of("google_firestore_field")
    }
    assert overrides == declared().overrides
