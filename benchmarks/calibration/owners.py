"""Owners of labs without any true effect, and what each of them does for a Supported verdict.

Every value is drawn from one normal distribution. An owner sees every value, and answers whether
the lab ever said *supported* of one of its hypotheses.
"""

from __future__ import annotations

from random import Random
from statistics import fmean
from typing import TYPE_CHECKING, Final

from tests.analytics.evidence.study import Study

from benchmarks.calibration.simulation import Simulation
from labrec.analytics.run import Link

if TYPE_CHECKING:
    from collections.abc import Callable

ALPHA: Final = 0.05
N: Final = 4
"""Planned runs in each arm."""


def draw(random: Random, count: int) -> list[float | None]:
    """Values of runs."""
    return [random.gauss(0, 1) for _ in range(count)]


def seed(study: Study) -> int:
    """A seed that was never used."""
    return len(study.runs) + 1


def honest(random: Random, test: str = "welch") -> bool:
    """Register, run both arms, look once."""
    study = Study()
    claim = study.register(planned_n=N, test=test)
    study.baseline(draw(random, N))
    study.treatment(draw(random, N), claim)
    return study.verdict() == "supported"


def honest_paired(random: Random) -> bool:
    """The same with pairs."""
    return honest(random, "paired")


def peeking(random: Random) -> bool:
    """Look after every run, and go on beyond what was planned until it holds."""
    study = Study()
    claim = study.register(planned_n=N)
    for _ in range(3 * N):
        study.baseline(draw(random, 1), first_seed=seed(study))
        study.treatment(draw(random, 1), claim, first_seed=seed(study))
        if study.verdict() == "supported":
            return True
    return False


def looking(random: Random) -> bool:
    """Register looks after 2, 4, 6 and 8 runs, and take them all."""
    study = Study()
    claim = study.register(planned_n=8, looks=[2, 4, 6, 8])
    for _ in range(8):
        study.baseline(draw(random, 1), first_seed=seed(study))
        study.treatment(draw(random, 1), claim, first_seed=seed(study))
        if study.verdict() == "supported":
            return True
    return False


def best_of_many(random: Random) -> bool:
    """Try ten variants, claim the best of them, and run it again, now linked."""
    study = Study()
    study.baseline(draw(random, 3))
    means = {}
    for number in range(10):
        values = draw(random, 3)
        study.treatment(values, None, f"v{number}")
        means[f"v{number}"] = fmean(value or 0.0 for value in values)
    best = max(means, key=means.__getitem__)
    claim = study.register(planned_n=N)
    # the seeds that were good once would be good again: these runs are the same ones
    good = [run for run in study.runs if run.experiment == best]
    for run in good:
        study.run(best, run.metrics["loss"].value, claim, parent="base", seeds=run.seeds)
    study.treatment(draw(random, N), claim, best, first_seed=100)
    study.baseline(draw(random, N), first_seed=100)
    return study.verdict() == "supported"


def old_baseline(random: Random) -> bool:
    """Claim against the baseline that turned out worst, without measuring it again."""
    study = Study()
    worst = ("", 9.0)
    for number in range(8):
        values = draw(random, N)
        study.baseline(values, f"b{number}")
        worst = min(
            worst, (f"b{number}", fmean(value or 0.0 for value in values)), key=lambda x: x[1]
        )
    claim = study.register(planned_n=N)
    study.treatment(draw(random, N), claim, parent=worst[0], first_seed=50)
    return study.verdict() == "supported"


def worst_baseline(random: Random) -> bool:
    """Claim first, measure eight baselines, and name the worst of them as the parent."""
    study = Study()
    claim = study.register(planned_n=N)
    worst = ("", 9.0)
    for number in range(8):
        values = draw(random, N)
        study.baseline(values, f"b{number}")
        worst = min(
            worst, (f"b{number}", fmean(value or 0.0 for value in values)), key=lambda x: x[1]
        )
    study.treatment(draw(random, N), claim, parent=worst[0])
    return study.verdict() == "supported"


def linking(random: Random) -> bool:
    """Run without a link, then link what came out well, and unlink what did not."""
    study = Study()
    claim = study.register(planned_n=N)
    study.baseline(draw(random, N))
    study.treatment(draw(random, N), claim)
    study.treatment(draw(random, 20), None, first_seed=seed(study))
    for place, run in enumerate(study.runs):
        if run.experiment == "new" and run.metrics["loss"].value > 0.5:
            study.change(place, links=(*run.links, Link("better", claim, "later")))
    return study.verdict() == "supported"


def retracting(random: Random) -> bool:
    """Retract treatments that came out badly, and let others take their places."""
    study = Study()
    claim = study.register(planned_n=N)
    study.baseline(draw(random, N))
    study.treatment(draw(random, 3 * N), claim)
    for place, run in enumerate(study.runs):
        if run.experiment == "new" and run.metrics["loss"].value < 0:
            study.change(place, standing="retracted")
    return study.verdict() == "supported"


def killing(random: Random) -> bool:
    """Kill treatments that come out badly, and start others."""
    study = Study()
    claim = study.register(planned_n=6)
    study.baseline(draw(random, 6))
    for number in range(30):
        value = random.gauss(0, 1)
        kept = value if value > -0.5 else None
        study.treatment([kept], claim, first_seed=number)
    return study.verdict() == "supported"


def killing_a_few(random: Random) -> bool:
    """Kill no more than a fifth of ten, those that come out worst."""
    study = Study()
    claim = study.register(planned_n=10)
    study.baseline(draw(random, 10))
    left = 2
    for number in range(10):
        value: float | None = random.gauss(0, 1)
        if value is not None and value < -1 and left:
            value, left = None, left - 1
        study.treatment([value], claim, first_seed=number)
    return study.verdict() == "supported"


def repeating(random: Random) -> bool:
    """Repeat seeds that are done once the values so far please."""
    study = Study()
    claim = study.register(planned_n=8)
    study.baseline(draw(random, 8))
    pleased = False
    values: list[float] = []
    while len(values) < 8:
        pleased = pleased or (len(values) >= 3 and fmean(values) > 0.8)
        value = values[-1] if pleased else random.gauss(0, 1)
        seeds = str(0 if pleased else len(values))
        study.run("new", value, claim, parent="base", seeds=seeds)
        values.append(value)
        if study.verdict() == "supported":
            return True
    return False


def same_seed(random: Random) -> bool:
    """Find a lucky seed, and replicate it."""
    study = Study()
    tries = [random.gauss(0, 1) for _ in range(20)]
    for number, value in enumerate(tries):
        study.run("try", value, parent="base", seeds=str(number))
    claim = study.register(planned_n=N)
    study.baseline(draw(random, N))
    for _ in range(N):
        study.run("new", max(tries) + random.gauss(0, 1e-6), claim, parent="base", seeds="7")
    return study.verdict() == "supported"


def many_treatments(random: Random) -> bool:
    """Ten treatments against one baseline, which is unlucky for all of them at once."""
    study = Study()
    claim = study.register(planned_n=20)
    study.baseline(draw(random, 20))
    for number in range(10):
        study.treatment(draw(random, 2), claim, f"new{number}")
    return study.verdict() == "supported"


def adding_treatments(random: Random) -> bool:
    """Add treatments to one claim until their mean pleases."""
    study = Study()
    claim = study.register(planned_n=N)
    study.baseline(draw(random, N))
    for number in range(12):
        study.treatment(draw(random, N), claim, f"new{number}")
        if study.verdict() == "supported":
            return True
    return False


def any_of_three(random: Random) -> bool:
    """Three primary metrics, any of which may hold."""
    names = ("a", "b", "c")
    targets = [{"name": name, "direction": "maximize", "delta": 0.0} for name in names]
    study = Study()
    claim = study.register(planned_n=N, primary_metrics=targets, decision="any")
    for number in range(2 * N):
        values = {name: random.gauss(0, 1) for name in names}
        link = {"link": claim, "parent": "base"} if number % 2 else {}
        study.run("new" if number % 2 else "base", values, seeds=str(number), **link)  # type: ignore[arg-type]
    return study.verdict() == "supported"


def naming(random: Random) -> bool:
    """Give the registered name of the baseline to the worst of eight experiments."""
    study = Study()
    claim = study.register(planned_n=N, baseline={"kind": "named", "name": "base"})
    worst = ("", 9.0)
    for number in range(8):
        values = draw(random, N)
        study.baseline(values, f"b{number}")
        worst = min(worst, (f"b{number}", fmean(v or 0.0 for v in values)), key=lambda x: x[1])
    study.baseline(draw(random, N), worst[0], name="base", first_seed=50)
    study.treatment(draw(random, N), claim)
    return study.verdict() == "supported"


def amending(random: Random) -> bool:
    """Amend the claim up to six times, with new runs, until the verdict of the lab gives in."""
    study = Study()
    claim = study.register(planned_n=N)
    for _ in range(6):
        study.baseline(draw(random, N), first_seed=seed(study))
        study.treatment(draw(random, N), claim, first_seed=seed(study))
        if study.judged()[-1].lab.verdict == "supported":
            return True
        claim = study.register(planned_n=N, amends=claim)
    return False


def choosing_seeds(random: Random) -> bool:
    """Run the baseline on twenty seeds, then pair those on which it did worst."""
    study = Study()
    claim = study.register(planned_n=N, test="paired")
    values = draw(random, 20)
    study.baseline(values)
    worst_first = sorted(range(20), key=lambda place: values[place] or 0.0)
    for place in worst_first:
        study.treatment(draw(random, 1), claim, first_seed=place + 1)
    return study.verdict() == "supported"


def several_baselines(random: Random) -> bool:
    """Compare five variants, each with a baseline of its own, two runs in each arm."""
    study = Study()
    claim = study.register(planned_n=10, baseline={"kind": "root", "name": None})
    for number in range(5):
        study.treatment(draw(random, 2), claim, f"new{number}", parent=f"b{number}")
    for number in range(5):
        study.baseline(draw(random, 2), f"b{number}")
    return study.verdict() == "supported"


def whole_family(random: Random) -> bool:
    """Six claims in one family."""
    study = Study()
    made = [study.register(f"claim-{n}", family="f", planned_n=N) for n in range(6)]
    study.baseline(draw(random, N))
    for number, claim in enumerate(made):
        study.treatment(draw(random, N), claim, f"new{number}")
    return any(one.ruling.verdict == "supported" for one in study.judged())


def whole_lab(random: Random) -> bool:
    """Register eight claims without a family: the level of the lab holds over all of them."""
    study = Study()
    for number in range(8):
        claim = study.register(f"claim-{number}", planned_n=N)
        study.baseline(draw(random, N), f"b{number}", first_seed=seed(study))
        study.treatment(draw(random, N), claim, f"new{number}", parent=f"b{number}")
    return any(one.lab.verdict == "supported" for one in study.judged())


def _owned(owner: Callable[[Random], bool], short: int, long: int = 2000) -> Simulation:
    """Return the simulation of an owner; the honest ones must not be dead."""
    name = owner.__name__
    first, _, _ = (owner.__doc__ or "").partition("\n")
    return Simulation(
        f"owner-{name.replace('_', '-')}",
        f"no true effect; {first[0].lower()}{first.rstrip('.')[1:]}: supported",
        lambda rng: owner(Random(int(rng.integers(2**62)))),
        ALPHA / 4 if name.startswith("honest") else 0.0,
        ALPHA,
        short,
        long,
    )


SIMULATIONS: Final = (
    _owned(honest, 200, 10_000),
    _owned(honest_paired, 200, 10_000),
    _owned(peeking, 60),
    _owned(looking, 60),
    _owned(best_of_many, 100),
    _owned(old_baseline, 100),
    _owned(worst_baseline, 100),
    _owned(linking, 100, 4000),
    _owned(retracting, 60, 4000),
    _owned(killing, 100, 4000),
    _owned(killing_a_few, 100, 4000),
    _owned(repeating, 60),
    _owned(same_seed, 100),
    _owned(many_treatments, 60),
    _owned(adding_treatments, 30),
    _owned(any_of_three, 100),
    _owned(naming, 100),
    _owned(amending, 40),
    _owned(choosing_seeds, 60),
    _owned(several_baselines, 100),
    _owned(whole_family, 60),
    _owned(whole_lab, 40),
)
