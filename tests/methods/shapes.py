"""Which public functions of analysis are statistics: told by what they take and return."""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import numpy as np

import labrec.analytics
from labrec.analytics.conditions import project
from labrec.analytics.evidence import units
from labrec.analytics.run import Run
from labrec.analytics.seen import Seen
from labrec.store.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FunctionType, ModuleType

LAB = (project.Project, Run, Seen, units.Project, View)
"""What takes one of these gathers from a lab, or a project of it, what statistics are made of."""


def modules() -> Iterator[ModuleType]:
    """Yield every module of analysis."""
    for info in pkgutil.walk_packages(labrec.analytics.__path__, f"{labrec.analytics.__name__}."):
        yield importlib.import_module(info.name)


def functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """Yield public functions and methods of a module itself, as ``package.module.function``."""
    yield from _of(module.__name__.removeprefix(f"{labrec.analytics.__name__}."), module, module)


def _of(short: str, holder: ModuleType | type, module: ModuleType) -> Iterator[Any]:
    for name, value in vars(holder).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        found = inspect.unwrap(value) if callable(value) else value
        if inspect.isfunction(found):
            yield f"{short}.{name}", found
        elif inspect.isclass(found) and found not in LAB:
            yield from _of(f"{short}.{name}", found, module)


def makes_numbers(function: FunctionType) -> bool:
    """Say whether a function makes numbers of values: it returns real numbers and takes no lab."""
    hints = _hints(function)
    returned = hints.pop("return", None)
    return _numeric(returned) and not any(taken in LAB for taken in hints.values())


def _hints(thing: Any) -> dict[str, Any]:
    names = _names(inspect.getmodule(thing))
    while True:
        try:
            return get_type_hints(thing, names)
        except NameError as e:  # an alias that names what its own module imports for types alone
            names = names | {e.name: next(vars(m)[e.name] for m in modules() if e.name in vars(m))}


@functools.cache
def _names(module: Any) -> dict[str, Any]:
    """Return the names of a module as a type checker knows them."""
    found = dict(vars(module))
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.If) or ast.unparse(node.test) != "TYPE_CHECKING":
            continue
        for statement in node.body:
            if not isinstance(statement, ast.ImportFrom):
                exec(ast.unparse(statement), found)
                continue
            source = importlib.import_module(str(statement.module))
            for name in statement.names:
                if not hasattr(source, name.name):
                    found |= {name.asname or name.name: _names(source)[name.name]}
                    continue
                found[name.asname or name.name] = getattr(source, name.name)
    return found


@functools.cache
def _numeric(kind: Any) -> bool:
    """Say whether a type is a real number, an array, or holds such numbers."""
    if get_origin(kind) is Callable:  # what it gives is only known where it is called
        return False
    if kind is float or (get_origin(kind) or kind) is np.ndarray:
        return "int" not in str(get_args(kind))
    if hasattr(kind, "_fields") or dataclasses.is_dataclass(kind):
        return any(map(_numeric, _hints(kind).values()))
    return any(map(_numeric, get_args(kind)))
