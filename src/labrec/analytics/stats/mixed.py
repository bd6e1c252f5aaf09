"""Linear mixed models with crossed random intercepts, by REML, and a bootstrap test. ○ No IO.

``values ~ level + (1|first) + (1|second) + …``: each random factor adds an independent normal
intercept to its groups. The model is fitted by restricted maximum likelihood (Patterson & Thompson
1971) with the likelihood profiled over the ratios θ = sd of a factor / residual sd (Bates et al.
2015, sections 3.2-3.4). No group structure is assumed: factors may be crossed, nested or neither.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from labrec.analytics.stats.moments import finite, not_zero

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS: Final = 999
"""Draws of the bootstrap: the smallest p that can come out is 1/1000."""

MOST_GROUPS: Final = 150
"""Groups of all factors together up to which a model is fitted: the cost grows with their cube."""

LEAST_BLOCKS: Final = 8
"""Fewest blocks from which the spread between blocks can be learned."""

LEAST_MACHINES: Final = 3
"""Fewest machines of each level from which the spread between machines can be learned."""

# Ratios that the bootstrap looks at: a statistic must only be the same function of every draw.
_GRID: Final = (0.0, 0.15, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0, 40.0)
_STARTS: Final = (0.1, 0.5, 1.0, 3.0, 10.0)  # ratios from the likeliest of which a fit starts
_FARTHEST = 1e4  # ratio at which a fit is stopped: the residual is then nothing but rounding
_NONE = 1e-3  # ratio below which a variance counts as 0
_STEP = 1e-6  # length of a gradient at which the likelihood counts as flat, per value


class MixedFit(NamedTuple):
    """A fitted model.

    Attributes:
        effects: Fixed effects, one for each column of the design, in the unit of the values.
        errors: Their standard errors, given the ratios.
        sds: Standard deviation of each random factor.
        residual: Residual standard deviation.
        log_likelihood: The restricted log-likelihood at its maximum.
        converged: Whether the search ended at a maximum.
        boundary: Whether a standard deviation is 0, where the usual theory does not hold.
    """

    effects: tuple[float, ...]
    errors: tuple[float, ...]
    sds: tuple[float, ...]
    residual: float
    log_likelihood: float
    converged: bool
    boundary: bool


class MixedTest(NamedTuple):
    """A condition tested in a mixed model, or why it was not.

    Attributes:
        reason: Why there is no result; empty where there is one.
        estimate: Last level minus first level.
        error: Its standard error.
        sd_block: Standard deviation between blocks.
        sd_machine: Standard deviation between machines of one level.
        sd_residual: Residual standard deviation.
        p: Of no difference between the levels, by parametric bootstrap; at least 1/(draws + 1).
        draws: How many draws it rests on.
    """

    reason: str
    estimate: float | None = None
    error: float | None = None
    sd_block: float | None = None
    sd_machine: float | None = None
    sd_residual: float | None = None
    p: float | None = None
    draws: int = 0


def mixed_fit(
    values: Sequence[float], levels: Sequence[int] | None, factors: Sequence[Sequence[int]]
) -> MixedFit:
    """Fit ``values ~ levels + (1|factor) + …`` by restricted maximum likelihood.

    Assumes normal intercepts and residuals, all independent, and one residual variance.

    The profiled likelihood is that of Bates et al. (2015, sections 3.2-3.4).

    Example:
        Three groups of two: balanced, so that the fit is the analysis of variance. Within 3/3 = 1;
        between 2·7.5833 = 15.1667, so that the variance of the groups is (15.1667 - 1)/2, and the
        error of the mean √(15.1667/6).

        >>> fit = mixed_fit([1, 2, 4, 5, 6, 8], None, [[0, 0, 1, 1, 2, 2]])
        >>> round(fit.effects[0], 4), round(fit.errors[0], 3), round(fit.residual, 3)
        (4.3333, 1.59, 1.0)
        >>> round(fit.sds[0] ** 2, 2), fit.converged, fit.boundary
        (7.08, True, False)

    Args:
        values: What was measured; finite.
        levels: Level of each value, 0, 1, …; None for a model with nothing but an intercept.
            The first effect is the mean of level 0, the others are differences from it.
        factors: Of each random factor, the group of each value, 0, 1, ….

    Raises:
        ValueError: A value is NaN or infinite, the lengths differ, there are more groups than
            `MOST_GROUPS`, or too few values.
    """
    return _Model(finite(values), levels, factors).fit()


def mixed_test(
    values: Sequence[float],
    levels: Sequence[int],
    blocks: Sequence[int],
    machines: Sequence[int],
    *,
    seed: int,
    draws: int = DRAWS,
) -> MixedTest:
    """Test a condition in ``value ~ condition + (1|block) + (1|machine)``.

    Only with at least `LEAST_BLOCKS` blocks and `LEAST_MACHINES` machines of each level, where the
    fit converged and no standard deviation is 0: otherwise the reason, and no number. The p is that
    of a parametric bootstrap (Davison & Hinkley 1997, section 4.4): values are drawn from the model
    fitted without the condition, and the Wald F of the levels, at the likeliest of a grid of
    ratios, is compared with that of the data, (1 + number as large) / (draws + 1). With few
    machines the F distribution would reject too often.

    Fitted as Bates et al. (2015) do. Assumes normal intercepts and residuals, all independent, and
    one residual variance.

    Example:
        Two levels of three machines in eight blocks. The layout is balanced: the t test of the
        means of the machines is exact, with the difference 3.0833, the error 0.8344 and p = 0.021.
        One block says nothing.

        >>> noise, cells = [0.5, -1.0, 0.0, 1.0, -0.5], [(b, m) for b in range(8) for m in range(6)]
        >>> values = [b + m % 3 + 3 * (m // 3) + noise[b * m % 5] for b, m in cells]
        >>> blocks, machines = [b for b, _ in cells], [m for _, m in cells]
        >>> levels = [machine // 3 for machine in machines]
        >>> found = mixed_test(values, levels, blocks, machines, seed=1, draws=199)
        >>> found.reason, round(found.estimate, 4), round(found.error, 3), found.p
        ('', 3.0833, 0.834, 0.025)
        >>> mixed_test([1.0, 2.0], [0, 1], [0, 0], [0, 1], seed=1).reason
        '1 blocks, 8 are needed'

    Args:
        values: What was measured; finite.
        levels: Level of each, 0 to k - 1.
        blocks: Block of each, 0, 1, ….
        machines: Machine of each, 0, 1, ….
        seed: Of the draws: the same gives the same p.
        draws: How many.

    Raises:
        ValueError: A value is NaN or infinite, or the lengths differ.
    """
    found = finite(values)
    reason = _lacking(levels, blocks, machines)
    if reason:
        return MixedTest(reason)
    model = _Model(found, levels, (blocks, machines))
    fit = model.fit()
    if not fit.converged:
        return MixedTest("the fit did not converge")
    if fit.boundary:
        return MixedTest("a variance is estimated as 0")
    null = _Model(found, None, (blocks, machines)).fit()
    if not null.converged:
        return MixedTest("the fit without the condition did not converge")
    p = model.bootstrap(null, draws, seed)
    block, machine = fit.sds
    return MixedTest(
        "", fit.effects[-1], fit.errors[-1], block, machine, fit.residual, not_zero(p), draws
    )


def _lacking(levels: Sequence[int], blocks: Sequence[int], machines: Sequence[int]) -> str:
    """Say what a mixed model lacks; empty for nothing."""
    if len(set(blocks)) < LEAST_BLOCKS:
        return f"{len(set(blocks))} blocks, {LEAST_BLOCKS} are needed"
    of_level: dict[int, set[int]] = {}
    for level, machine in zip(levels, machines, strict=True):
        of_level.setdefault(level, set()).add(machine)
    fewest = min(map(len, of_level.values()))
    if fewest < LEAST_MACHINES:
        return f"a level has {fewest} machine{'s' if fewest > 1 else ''}, 3 are needed"
    if len(set(blocks)) + len(set(machines)) > MOST_GROUPS:
        return f"more than {MOST_GROUPS} blocks and machines"
    return ""


class _Model:
    """A model's data, as the sums that its likelihood needs."""

    def __init__(
        self,
        values: Sequence[float],
        levels: Sequence[int] | None,
        factors: Sequence[Sequence[int]],
    ) -> None:
        import numpy as np  # heavy, and only where a model can be fitted

        y = np.array(values)
        n = len(y)
        if any(len(factor) != n for factor in factors) or (levels is not None and len(levels) != n):
            raise ValueError("each value needs one level and one group of each factor")
        parts = [_one_hot(factor) for factor in factors]
        self.widths = [part.shape[1] for part in parts]
        if sum(self.widths) > MOST_GROUPS:
            raise ValueError(f"more than {MOST_GROUPS} groups")
        x = np.ones((n, 1)) if levels is None else _one_hot(levels)
        x[:, 0] = 1.0
        self.x, self.z = x, np.hstack(parts)
        self.df = n - x.shape[1]
        if self.df < 1:
            raise ValueError("too few values")
        self.scale = float(y.std()) or 1.0
        self.centre = float(y.mean())
        self.y = (y - self.centre) / self.scale
        self.zz, self.zx, self.xx = self.z.T @ self.z, self.z.T @ x, x.T @ x

    def fit(self) -> MixedFit:
        """Return the fit of the values."""
        import numpy as np
        from scipy.optimize import minimize  # half a second: only where a model can be fitted

        sums = _Sums.of(self, self.y[:, None])

        def deviance(theta: Sequence[float] | Floats) -> float:
            return float(self.solve(theta, sums).deviance[0])

        start = min(itertools.product(_STARTS, repeat=len(self.widths)), key=deviance)
        found = minimize(
            deviance, start, method="L-BFGS-B", bounds=[(0, _FARTHEST)] * len(start),
            options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500},
        )  # fmt: skip
        theta = np.asarray(found.x)
        solved = self.solve(theta, sums)
        residual = math.sqrt(solved.variance[0]) * self.scale
        effects = solved.effects[:, 0] * self.scale
        effects[0] += self.centre
        log = -solved.deviance[0] / 2 - self.df * math.log(self.scale)
        free = theta > 0
        slope = np.abs(np.asarray(found.jac)[free]).max(initial=0.0)
        return MixedFit(
            tuple(map(float, effects)),
            tuple(float(e) * residual for e in np.sqrt(np.diag(solved.covariance))),
            tuple(float(ratio) * residual for ratio in theta),
            residual,
            float(log),
            bool(slope < _STEP * len(self.y) * 100 and (theta < _FARTHEST).all()),
            bool((theta < _NONE).any()),
        )

    def solve(self, theta: Sequence[float] | Floats, sums: _Sums) -> _Solved:
        """Return what follows from given ratios, of every column of values at once."""
        import numpy as np
        from scipy.linalg import cho_solve, cholesky  # as above

        root = np.repeat(np.asarray(theta, dtype=float), self.widths)
        inner = np.eye(len(root)) + root[:, None] * self.zz * root
        factor = cholesky(inner, lower=True)
        scaled_x = root[:, None] * self.zx
        scaled_y = root[:, None] * sums.zy
        solved_x = cho_solve((factor, True), scaled_x)
        xvx = self.xx - scaled_x.T @ solved_x
        xvy = sums.xy - solved_x.T @ scaled_y
        yvy = sums.yy - np.einsum("ij,ij->j", scaled_y, cho_solve((factor, True), scaled_y))
        covariance = np.linalg.inv(xvx)
        effects = covariance @ xvy
        variance = np.maximum(yvy - np.einsum("ij,ij->j", xvy, effects), 1e-300) / self.df
        logs = 2 * float(np.log(np.diag(factor)).sum()) + float(np.linalg.slogdet(xvx)[1])
        deviance = self.df * (1 + np.log(2 * math.pi * variance)) + logs
        return _Solved(effects, covariance, variance, deviance)

    def bootstrap(self, null: MixedFit, draws: int, seed: int) -> float:
        """Return the share of draws from a fit without levels whose F is at least the data's."""
        import numpy as np

        rng = np.random.default_rng(seed)
        n = len(self.y)
        drawn = rng.standard_normal((n, draws)) * (null.residual / self.scale)
        start = 0
        for width, sd in zip(self.widths, null.sds, strict=True):
            groups = rng.standard_normal((width, draws)) * (sd / self.scale)
            drawn += self.z[:, start : start + width] @ groups
            start += width
        statistics = self._wald(np.column_stack([self.y, drawn]))
        return (1 + int((statistics[1:] >= statistics[0]).sum())) / (draws + 1)

    def _wald(self, y: Floats) -> Floats:
        """Return the Wald F of the levels of each column, at the likeliest ratios of the grid."""
        import numpy as np

        sums = _Sums.of(self, y)
        best = np.full(y.shape[1], np.inf)
        found = np.zeros(y.shape[1])
        for theta in itertools.product(_GRID, repeat=len(self.widths)):
            solved = self.solve(theta, sums)
            effects = solved.effects[1:]
            weights = np.linalg.inv(solved.covariance[1:, 1:])
            wald = np.einsum("ij,ik,kj->j", effects, weights, effects)
            wald /= len(effects) * solved.variance
            better = solved.deviance < best
            best[better], found[better] = solved.deviance[better], wald[better]
        return found


class _Sums(NamedTuple):
    """What the likelihood needs of values, one column a sample."""

    zy: Floats
    xy: Floats
    yy: Floats

    @classmethod
    def of(cls, model: _Model, y: Floats) -> _Sums:
        return cls(model.z.T @ y, model.x.T @ y, (y * y).sum(axis=0))


class _Solved(NamedTuple):
    """What follows from given ratios; deviance, variance and effects of each column."""

    effects: Floats
    covariance: Floats
    variance: Floats
    deviance: Floats


def _one_hot(groups: Sequence[int]) -> Floats:
    import numpy as np

    codes: NDArray[Any] = np.asarray(groups)
    found: Floats = (codes[:, None] == np.arange(int(codes.max()) + 1)).astype(float)
    return found
