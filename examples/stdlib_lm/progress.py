"""How far the study is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import rich.progress
from rich.console import Console

if TYPE_CHECKING:
    from types import TracebackType

    from study import Outcome


class Progress:
    """A number of runs, one after another. Use it as a context manager.

    Args:
        title: What is done.
        total: How many runs there are.
    """

    def __init__(self, title: str, total: int) -> None:
        console = Console(highlight=False)
        self._plain = not console.is_terminal
        self._total = total
        self._done = 0
        self._bar = rich.progress.Progress(
            *rich.progress.Progress.get_default_columns(),
            rich.progress.TimeElapsedColumn(),
            console=console,
            disable=self._plain,
            transient=True,
        )
        self._task = self._bar.add_task(title, total=total)
        print(f"\n{title}: {total} runs", flush=True)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def advance(self, name: str, outcome: Outcome) -> None:
        """Say that a run ended, and how."""
        self._done += 1
        said = "" if outcome.code == 0 else f"  failed: {outcome.said}"
        line = f"  {self._done:2}/{self._total}  {name:<32} {outcome.seconds:4.1f} s{said}"
        if self._plain:
            print(line, flush=True)
        else:
            self._bar.console.print(line, markup=False)
            self._bar.advance(self._task)
