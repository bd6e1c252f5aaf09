"""Counterfactual cells of a live object: parts are switched off, measured, and given back.

What is observed is never left changed: whatever an evaluation does, every switch is undone, the
generators of chance are where they were, and an exception of the evaluation is a cell that failed.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import signal
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

from labrec.errors import UsageError
from labrec.record.codec import MAX_INT
from labrec.record.text import one_line, storable
from labrec.sdk import given
from labrec.sdk.chance import Chance, seed_all
from labrec.sdk.switches import MAX_NAME, Factor, factors_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import FrameType

    from labrec.capture.session import Session

BUDGET: Final = 64
"""Configurations up to which all of them are measured."""

PERMUTATIONS: Final = 20
"""Permutations that are drawn where there are more; half of them are the others reversed."""

MAX_VALUES: Final = 200
"""Numbers that are kept of one cell."""

MAX_CELLS: Final = 20_000
"""Cells that one call measures."""

_FULL_UP_TO = 4  # factors of which all configurations are measured whatever the budget
_REASON = 500  # characters
_WORDS = 200  # characters that say when
_CLOSE = 1e-6  # relative: what a checked value may differ by


class MeasuredCell(NamedTuple):
    """One cell as it was measured.

    Attributes:
        on: Names of the factors that were on.
        seed: The seed, where one was given.
        values: What was measured by metric; empty where it failed.
        failed: Why it has no values.
    """

    on: tuple[str, ...]
    seed: int | None
    values: dict[str, float]
    failed: str | None = None


class Measured(NamedTuple):
    """What `Run.counterfactual` measured; true when every cell has values and nothing is changed.

    Attributes:
        factors: Names of the factors.
        cells: The cells, in the order in which they were measured.
        restored: unchecked, same, differs or failed.
        problem: Why nothing was measured; empty where something was.
    """

    factors: tuple[str, ...]
    cells: list[MeasuredCell]
    restored: str = "unchecked"
    problem: str = ""

    def __bool__(self) -> bool:
        fine = self.restored in {"unchecked", "same"}
        return fine and bool(self.cells) and all(cell.failed is None for cell in self.cells)


class Question(NamedTuple):
    """A counterfactual question, made of what a program gave.

    Attributes:
        factors: What is switched.
        evaluate: Measures; takes the seed where it has a parameter of that name.
        step: Step of the run, where one was given.
        at: When in the run, in words, where they were given.
        budget: Configurations up to which all of them are measured.
        seeds: One for each replicate; None alone = one replicate, as chance stands.
        check: Whether, or by which metric, the object is measured once more at the end.
        permutations: How many are drawn where not all configurations are measured.
    """

    factors: list[Factor]
    evaluate: Callable[..., object]
    step: int | None
    at: str | None
    budget: int
    seeds: tuple[int | None, ...]
    check: bool | str
    permutations: int

    @classmethod
    def of(cls, factors: object, evaluate: object, at: object, seeds: object, **how: Any) -> Self:
        """Make a question of what a program gave.

        Raises:
            UsageError: A factor cannot be switched, or something else is of no use.
        """
        if not callable(evaluate):
            raise UsageError("evaluate cannot be called", hint="Give a function that measures.")
        for name, least in (("budget", 1), ("permutations", 2)):
            if type(how[name]) is not int or how[name] < least:
                raise UsageError(f"{name} is no number from {least}: {how[name]!a:.60}")
        asked = cls(factors_of(factors), evaluate, *_when(at), seeds=_seeds(seeds), **how)
        count = len(asked.configurations()) * len(asked.seeds)
        if count > MAX_CELLS:
            raise UsageError(
                f"{count} cells are more than {MAX_CELLS}",
                hint="Give a smaller budget, or fewer seeds.",
            )
        return asked

    @property
    def all_of_them(self) -> bool:
        """Whether every configuration is measured."""
        count = len(self.factors)
        return count <= _FULL_UP_TO or 1 << count <= self.budget

    def orders(self) -> list[tuple[int, ...]]:
        """Return the permutations that are passed through; of the same factors always the same."""
        if self.all_of_them:
            return []
        from random import Random  # only where permutations are drawn

        names = "\n".join(factor.name for factor in self.factors)
        own = Random(hashlib.sha256(names.encode()).digest())  # noqa: S311 - nothing is secret
        drawn: list[tuple[int, ...]] = []
        while len(drawn) < self.permutations:
            order = own.sample(range(len(self.factors)), len(self.factors))
            drawn += [tuple(order), tuple(reversed(order))]
        return drawn

    def configurations(self) -> list[int]:
        """Return what is measured, bit i of each for factor i: all on first, then all off."""
        everything = (1 << len(self.factors)) - 1
        found = dict.fromkeys((everything, 0))
        if self.all_of_them:
            found |= dict.fromkeys(range(everything))
        for order in self.orders():
            found |= dict.fromkeys(
                itertools.accumulate(order, lambda on, place: on | 1 << place, initial=0)
            )
        return list(found)

    def switches(self, on: int) -> str:
        """Return a configuration as the counterfactuals section has it: a digit a factor."""
        return "".join(str(on >> place & 1) for place in range(len(self.factors)))

    def names(self, on: int) -> tuple[str, ...]:
        """Return the names of the factors that are on."""
        return tuple(factor.name for at, factor in enumerate(self.factors) if on >> at & 1)

    def head(self) -> dict[str, Any]:
        """Return the question as the counterfactuals section has it."""
        return {
            "step": self.step,
            "at": self.at,
            "factors": [factor.described() for factor in self.factors],
            "method": "factorial" if self.all_of_them else "permutations",
            "budget": self.budget,
            "orders": [list(order) for order in self.orders()],
            "complete": False,
            "restored": None,
        }


def ask(question: Question, session: Session | None, number: int) -> Measured:
    """Measure every cell of a question; a block of all cells for each seed.

    Args:
        question: What is asked.
        session: Keeps the cells; None = they are measured and not kept.
        number: Of the call in this process.

    Raises:
        BaseException: What is no `Exception` of the evaluation (`KeyboardInterrupt`, `SystemExit`)
            leaves once the object is given back.
    """
    asking = _Asking(question, session, number)
    with _Interrupts() as interrupts:
        return asking.run(interrupts)


class _Asking:
    """One question while it is being answered."""

    def __init__(self, question: Question, session: Session | None, number: int) -> None:
        self._question = question
        self._session = session
        self._number = number
        self._chance = Chance.now()
        self._with_seed = _takes_seed(question.evaluate)
        self._cells: list[MeasuredCell] = []
        self._restored = "unchecked"

    def run(self, interrupts: _Interrupts) -> Measured:
        question, complete = self._question, False
        if self._session is not None:
            self._session.call(self._number, question.head())
        try:
            for replicate, seed in enumerate(question.seeds):
                for on in question.configurations():
                    self._keep(on, replicate, *self._measure(on, seed, interrupts))
                    if self._restored == "failed":
                        return self._answer()
            complete = True
            self._check(interrupts)
            return self._answer()
        finally:
            refused = self._chance.restore()
            for name in refused:
                self._remark("unavailable", f"the state of chance of {name}", "it was not taken")
            if self._session is not None:
                told = {"complete": complete, "restored": self._restored}
                self._session.call(self._number, told)

    def _answer(self) -> Measured:
        names = tuple(factor.name for factor in self._question.factors)
        return Measured(names, self._cells, self._restored)

    def _measure(
        self, on: int, seed: int | None, interrupts: _Interrupts
    ) -> tuple[MeasuredCell, float]:
        """Measure one cell; the object is given back when this ends, however it ends."""
        question = self._question
        self._chance.restore()  # every cell meets the same chance
        if seed is not None:
            seed_all(seed)
        undo = ExitStack()
        values: dict[str, float] = {}
        failed: str | None = None
        began = time.perf_counter()
        try:
            try:
                for place, factor in enumerate(question.factors):
                    if not on >> place & 1:
                        failed = f"factor {factor.name} could not be switched off"
                        factor.switch.off(undo)
                failed = None
                interrupts.let_through()
                values = self._values(self._evaluate(seed))
            finally:
                interrupts.hold()
                self._give_back(undo)
        except Exception as error:  # noqa: BLE001 - a failed cell never breaks the run
            failed = f"{failed}: {_told(error)}" if failed else _told(error)
        except BaseException as error:
            cell = MeasuredCell(question.names(on), seed, {}, _told(error))
            self._keep(on, question.seeds.index(seed), cell, time.perf_counter() - began)
            raise
        finally:
            self._give_back(undo)  # nothing is left to do, unless it was interrupted
        if not values and failed is None:
            failed = "the evaluation returned no number"
        cell = MeasuredCell(question.names(on), seed, {} if failed else values, failed)
        return cell, time.perf_counter() - began

    def _evaluate(self, seed: int | None) -> object:
        evaluate = self._question.evaluate
        return evaluate(seed=seed) if self._with_seed and seed is not None else evaluate()

    def _values(self, found: object) -> dict[str, float]:
        values, ignored = numbers(found)
        if ignored:
            why = "a counterfactual evaluation returned something that is no number, or too many"
            self._remark("unmappable", "values of cells", why, ignored)
        return values

    def _give_back(self, undo: ExitStack) -> None:
        """Undo every switch, the last one first; one that raises keeps no other from it."""
        try:
            undo.close()
        except Exception as error:  # noqa: BLE001 - the program's own code; said loudly
            self._restored = "failed"
            why = f"a switch could not be undone: {_told(error)}"
            self._remark("lost", "the state before a counterfactual", why)

    def _check(self, interrupts: _Interrupts) -> None:
        """Measure the whole object once more where that was asked for."""
        question = self._question
        first = next((cell for cell in self._cells if not cell.failed), None)
        if not question.check or first is None or first.on != question.names(-1):
            return
        again, _ = self._measure((1 << len(question.factors)) - 1, first.seed, interrupts)
        names = first.values if question.check is True else [str(question.check)]
        changed = [name for name in names if not _close(first.values, again.values, name)]
        self._restored = "differs" if changed and self._restored != "failed" else self._restored
        if changed:
            why = f"measured again it has another {', '.join(changed)[:100]}"
            self._remark("lost", "the state before a counterfactual", why)
        elif self._restored == "unchecked":
            self._restored = "same"

    def _keep(self, on: int, replicate: int, cell: MeasuredCell, seconds: float) -> None:
        self._cells.append(cell)
        if self._session is not None:
            told = {
                "on": self._question.switches(on),
                "replicate": replicate,
                "seed": None if cell.seed is None else str(cell.seed),
                "values": cell.values,
                "duration_s": round(seconds, 6),
                "failed": cell.failed,
            }
            self._session.cell(self._number, told)

    def _remark(self, kind: str, what: str, why: str, count: int = 1) -> None:
        if self._session is not None:
            self._session.remark(kind, what, why, count)


class _Interrupts:
    """Holds Ctrl-C back while switches are moved, so that none is left halfway.

    Only the main thread is interrupted, and only a handler of Python is stood in for.
    """

    def __init__(self) -> None:
        self._before: Any = None
        self._held = True
        self._waiting: list[tuple[int, FrameType | None]] = []

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if callable(before):
                self._before = before
                signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None and signal.getsignal(signal.SIGINT) == self._take:
            signal.signal(signal.SIGINT, self._before)
        self._deliver()

    def hold(self) -> None:
        """From now on an interrupt waits."""
        self._held = True

    def let_through(self) -> None:
        """From now on an interrupt is one; one that waited comes now."""
        self._held = False
        self._deliver()

    def _deliver(self) -> None:
        if self._waiting:
            last = self._waiting.pop()
            self._waiting.clear()
            self._before(*last)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._held:
            self._waiting.append((number, frame))
        else:
            self._before(number, frame)


class Numbers(NamedTuple):
    """What an evaluation returned.

    Attributes:
        values: Numbers by name.
        ignored: How many parts are no number, or one too many.
    """

    values: dict[str, float]
    ignored: int


def numbers(found: object) -> Numbers:
    """Return what an evaluation returned as numbers by name, and how much of it is none.

    A number alone is called ``value``; parts of mappings and series are called by their way,
    ``per_class.cat``, ``per_class.0``.

    Args:
        found: A number, or a mapping, nested as it likes.
    """
    values: dict[str, float] = {}
    ignored = 0
    for name, value in _leaves(found, "", 0):
        number = _number(value)
        if number is None or len(values) >= MAX_VALUES:
            ignored += 1
        else:
            values[one_line(storable(name or "value")[0], MAX_NAME) or "value"] = number
    return Numbers(values, ignored)


def _leaves(value: object, way: str, depth: int) -> Iterator[tuple[str, object]]:
    if hasattr(value, "tolist") and getattr(value, "shape", False):  # arrays of any library
        value = value.tolist()
    parts: Iterable[tuple[object, object]]
    if hasattr(value, "items") and hasattr(value, "keys"):
        parts = value.items()
    elif isinstance(value, list | tuple):
        parts = enumerate(value)
    else:
        yield way, value
        return
    if depth >= 8:  # noqa: PLR2004 - deeper than results are, and no cycle is followed for ever
        yield way, None
        return
    for key, part in itertools.islice(parts, MAX_VALUES + 1):
        yield from _leaves(part, f"{way}.{key}" if way else given.plain_text(key), depth + 1)


def _number(value: object) -> float | None:
    if isinstance(value, str | bytes) or value is None:
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return math.inf
    except Exception:  # noqa: BLE001 - the caller's type
        return None


def _close(first: Mapping[str, float], again: Mapping[str, float], name: str) -> bool:
    if name not in first or name not in again:
        return name not in first and name not in again
    one, other = first[name], again[name]
    return math.isclose(one, other, rel_tol=_CLOSE) or (math.isnan(one) and math.isnan(other))


def _seeds(seeds: object) -> tuple[int | None, ...]:
    """Return the seeds of the replicates.

    Raises:
        UsageError: They are no integers, or one comes twice.
    """
    if seeds is None:
        return (None,)
    try:
        many = [seeds] if hasattr(seeds, "__index__") else list(seeds)  # type: ignore[call-overload]
        found = tuple(int(seed.__index__()) for seed in many)
    except Exception as error:
        raise UsageError("the seeds are no integers", hint="Such as seeds=(1, 2, 3).") from error
    if not found or len(set(found)) != len(found):
        raise UsageError("seeds must be given once each, at least one")
    return found


def _when(at: object) -> tuple[int | None, str | None]:
    """Return the step that is meant, or the words."""
    if at is None:
        return None, None
    if hasattr(at, "__index__") and not isinstance(at, bool):
        step = int(at.__index__())
        if abs(step) <= MAX_INT:
            return step, None
    return None, one_line(storable(given.plain_text(at))[0], _WORDS) or None


def _takes_seed(evaluate: Callable[..., object]) -> bool:
    """Whether an evaluation has a parameter called seed."""
    import inspect  # only where something is measured

    try:
        parameters = inspect.signature(evaluate).parameters
    except (TypeError, ValueError):
        return False
    by_name = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return "seed" in parameters and parameters["seed"].kind in by_name


def _told(error: BaseException) -> str:
    message = storable(one_line(given.plain_text(error)))[0]
    kind = type(error).__name__
    return (f"{kind}: {message}" if message else kind)[:_REASON]
