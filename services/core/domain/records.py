"""Making frozen records of what JSON says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

Record = TypeVar("Record")


def maker(cls: type[Record]) -> Callable[[dict[str, Any]], Record]:
    """What makes such a record of its fields by name, with lists where it has tuples.

    `cls` is a frozen dataclass with slots. Where nothing is left out they are set one by one: `__init__`, given strings
    that came out of JSON as its keywords, takes three times as long.
    """
    known: Any = cls
    names = [field.name for field in fields(known)]
    listed = {field.name for field in fields(known) if str(field.type).startswith("tuple")}
    plain = [(name, getattr(cls, name).__set__) for name in names if name not in listed]
    lists = [(name, getattr(cls, name).__set__) for name in names if name in listed]
    count, new = len(names), object.__new__

    def make(data: dict[str, Any]) -> Record:
        if len(data) == count:
            record = new(cls)
            try:
                for name, put in plain:
                    put(record, data[name])
                for name, put in lists:
                    put(record, tuple(data[name]))
            except KeyError:
                pass  # `__init__` says what is missing
            else:
                return record
        return cls(**{name: tuple(value) if name in listed else value for name, value in data.items()})

    return make
