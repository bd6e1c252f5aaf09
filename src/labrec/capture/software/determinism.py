"""The determinism section: seeds by name, and the switches that make a run repeatable or not."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from labrec.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labrec.capture.captured import Section

FLAG_VARIABLES = (
    "PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG", "NVIDIA_TF32_OVERRIDE",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC",
    "TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS", "JAX_DEFAULT_MATMUL_PRECISION", "MKL_CBWR",
    "OMP_NUM_THREADS", "OMP_DYNAMIC", "CUDA_LAUNCH_BLOCKING",
)  # fmt: skip
"""The variables that decide whether the same program gives the same numbers twice."""


def capture_determinism(
    seeds: Mapping[str, int | str],
    *,
    flags: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    own: bool = True,
) -> Section:
    """Return the determinism section.

    Args:
        seeds: Integers or their decimal text by name; kept as text, so that none is too large.
        flags: Further flags that the caller sets, by name.
        environ: Environment of the run; this process's when left out.
        own: The run is this process, so that its interpreter's own flags count.

    Raises:
        UsageError: A seed is no integer.
    """
    seen = os.environ if environ is None else environ
    found = {name: seen[name] for name in FLAG_VARIABLES if name in seen}
    if own:
        found["sys.flags.hash_randomization"] = str(sys.flags.hash_randomization)
        found["sys.flags.optimize"] = str(sys.flags.optimize)
    return {
        "minor": 0,
        "seeds": {name: _decimal(name, seed) for name, seed in seeds.items()},
        "flags": found | dict(flags or {}),
    }


def _text(seed: int | str) -> str:
    try:
        return str(seed)
    except ValueError:  # more than 4,300 digits, which random.seed() takes and str() does not
        from decimal import Decimal

        return str(Decimal(seed))


def _decimal(name: str, seed: object) -> str:
    text = _text(seed).strip().removeprefix("+") if isinstance(seed, str | int) else ""
    digits = text.removeprefix("-")
    if isinstance(seed, bool) or not (digits.isascii() and digits.isdigit()):
        raise UsageError(
            f"the seed {name} is not an integer: {seed!r:.60}",
            hint="Give an integer, or derive one and record that.",
        )
    stripped = digits.lstrip("0") or "0"
    return f"-{stripped}" if text.startswith("-") and stripped != "0" else stripped
