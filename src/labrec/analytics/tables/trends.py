"""Tables about many runs over time, and about what is missing. ○ Pure."""

from __future__ import annotations

from typing import Final

from labrec.analytics.tables.contract import (
    DIRECTION,
    EXPERIMENT,
    METRIC,
    PROJECT,
    RECORD,
    RUN,
    UNIT,
    Column,
    Table,
)

DATASETS: Final = Column(
    "datasets", "text", "Datasets that all of them used, joined by commas; empty for none."
)

LUCK: Final = Table(
    "luck",
    "a best so far of a key metric, and what luck explains of it",
    (
        PROJECT,
        METRIC,
        DATASETS,
        Column("experiment", "text", "The best so far."),
        Column("name", "text", "Its name."),
        Column("step", "integer", "Its number among the best so far, from 1."),
        Column("current", "boolean", "Whether nothing was better since."),
        Column(
            "baseline",
            "text",
            "Experiment it is compared with: the one that it derives from in the end, where that "
            "came before it, else the first that was tried.",
        ),
        Column("baseline_name", "text", "Its name."),
        Column(
            "variants",
            "integer",
            "Experiments with a value since the baseline until something was better, the best "
            "among them, kept or not.",
        ),
        Column(
            "tries",
            "integer",
            "Looks that could have found a best: variants, and one more for each run beyond the "
            "fewest that a variant had.",
        ),
        Column("values", "integer", "Runs that each of them was the mean of, at least."),
        Column("retracted", "integer", "Of the variants, those all of whose runs were retracted."),
        Column("n", "integer", "Runs of the best."),
        Column("n_baseline", "integer", "Runs of the baseline."),
        Column("n_machines", "integer", "Known machines that either was on."),
        Column("value", "number", "Mean of the best.", "metric"),
        Column("baseline_value", "number", "Mean of the baseline.", "metric"),
        Column("gain", "number", "By how much the best is better, > 0.", "metric"),
        Column(
            "low",
            "number",
            "Lower limit of the gain, allowing for all tries (Dunnett) and for the noise at its "
            "upper end.",
            "metric",
            optional=True,
        ),
        Column("level", "number", "Level of that limit."),
        Column(
            "sd",
            "number",
            "Noise: standard deviation within experiments, pooled.",
            "metric",
            optional=True,
        ),
        Column("df", "integer", "Its degrees of freedom; 0 where nothing was repeated."),
        Column("sd_low", "number", "Lower end of its interval.", "metric", optional=True),
        Column("sd_high", "number", "Upper end of its interval.", "metric", optional=True),
        Column("sd_level", "number", "Level of that interval."),
        Column(
            "luck",
            "number",
            "What the best of so many tries gains by chance on average.",
            "metric",
            optional=True,
        ),
        Column("luck_low", "number", "The same at the noise's lower end.", "metric", optional=True),
        Column(
            "luck_high", "number", "The same at the noise's upper end.", "metric", optional=True
        ),
        Column(
            "luck_p",
            "number",
            "How often chance alone gains as much, the noise being estimated.",
            optional=True,
        ),
        Column(
            "luck_p_upper",
            "number",
            "How often it does were the noise at the upper end of its interval.",
            optional=True,
        ),
        Column(
            "p_adjusted",
            "number",
            "The larger of both, adjusted over all best so far of the metric (closed test): at "
            "least that of every later one.",
            optional=True,
        ),
        Column("family", "integer", "How many best so far were adjusted together."),
        Column(
            "shrunken",
            "number",
            "Value of the best, shrunken to where the other variants lie.",
            "metric",
            optional=True,
        ),
        Column(
            "shrunken_gain",
            "number",
            "That against the baseline; above 0 is better.",
            "metric",
            optional=True,
        ),
        Column(
            "repeats_to_bound",
            "integer",
            "Repeats of best and baseline, each, after which the noise would be bounded well "
            "enough, should its estimate stay; missing where even known noise would not tell.",
            optional=True,
        ),
        Column(
            "repeats_to_show",
            "integer",
            "Repeats of each that would show the shrunken gain by themselves with power 0.8.",
            optional=True,
        ),
        Column(
            "verdict",
            "text",
            "beyond luck (p_adjusted < 0.05), cannot be told, or deterministic (repeats agree).",
        ),
        Column("weak", "boolean", "Whether the noise has fewer than 4 degrees of freedom."),
        UNIT,
        DIRECTION,
        Column("sentence", "text", "What may be said of it."),
    ),
    ("project", "metric", "datasets", "unit", "step"),
)

DRIFT: Final = Table(
    "drift",
    "a change of a key metric of one configuration on one model of machine over time; one row "
    "with change 0 where none is told",
    (
        PROJECT,
        EXPERIMENT,
        Column("name", "text", "Name of its runs (the first one's where they differ)."),
        DATASETS,
        METRIC,
        Column("hardware_id", "text", "Model of the machine.", optional=True),
        Column("change", "integer", "Number of the change, from 1; 0 where none is told."),
        Column("changes", "integer", "Places at which the series changes, taken alone (PELT)."),
        Column("n", "integer", "Runs of the series, 10 at least."),
        Column("n_machines", "integer", "Known machines among them."),
        Column("sd", "number", "Noise, from differences of neighbours.", "metric", optional=True),
        Column(
            "penalty", "number", "Squares that a change had to save: 3·ln n·sd².", optional=True
        ),
        Column(
            "statistic",
            "number",
            "Largest gain of any stretch of k runs against the rest: √(k(n - k)/n)·|difference "
            "of means| / sd of all.",
        ),
        Column(
            "p",
            "number",
            "How often a shuffled series has as large a one; 1 without any place to change at.",
        ),
        Column("permutations", "integer", "How often it was shuffled."),
        Column("p_holm", "number", "The p, adjusted by Holm over all series of the project."),
        Column("family", "integer", "How many series were adjusted together."),
        Column("run_id", "text", "First run after the change.", optional=True),
        Column("started", "time", "When that started.", optional=True),
        Column("n_before", "integer", "Runs since the change before.", optional=True),
        Column("n_after", "integer", "Runs until the next change.", optional=True),
        Column("before", "number", "Mean of those before.", "metric", optional=True),
        Column("after", "number", "Mean of those after.", "metric", optional=True),
        Column("shift", "number", "Mean after minus mean before.", "metric", optional=True),
        Column(
            "low",
            "number",
            "Lower end of its interval, as if the place had been known.",
            "metric",
            optional=True,
        ),
        Column("high", "number", "Upper end of the interval.", "metric", optional=True),
        Column("level", "number", "Level of the interval."),
        Column("became", "text", "better, worse, or other without a direction.", optional=True),
        Column("verdict", "text", "drift (p_holm < 0.05), or no drift told."),
        UNIT,
        DIRECTION,
        Column("sentence", "text", "What may be said of it."),
    ),
    ("project", "experiment", "metric", "hardware_id", "change"),
)

PARETO: Final = Table(
    "pareto",
    "a key metric of an experiment that no other one beats on all key metrics, or of which that "
    "cannot be told; none where more than 1,000 would be on the front",
    (
        PROJECT,
        DATASETS,
        EXPERIMENT,
        Column("name", "text", "Name of its runs (the first one's where they differ)."),
        METRIC,
        Column("front", "boolean", "Whether no other's means dominate its means."),
        Column(
            "verdict",
            "text",
            "on the front (every other one is surely worse on some metric) or cannot be told.",
        ),
        Column("rivals", "integer", "Experiments that leave it open."),
        Column(
            "undecided",
            "integer",
            "Experiments that the means do not put on the front and that may belong to it; of "
            "these 100 are given.",
        ),
        Column(
            "dominated_by", "text", "An experiment whose means dominate its means.", optional=True
        ),
        Column("dominated_by_name", "text", "Its name.", optional=True),
        Column("n_experiments", "integer", "Experiments that have all of the metrics."),
        Column("n", "integer", "Runs behind the mean."),
        Column("n_machines", "integer", "Known machines that they were on."),
        Column("mean", "number", "Mean of the metric.", "metric"),
        Column(
            "low",
            "number",
            "Lower end of its interval, from the noise within all experiments.",
            "metric",
            optional=True,
        ),
        Column("high", "number", "Upper end of the interval.", "metric", optional=True),
        Column("level", "number", "Level of the interval."),
        UNIT,
        DIRECTION,
        Column("sentence", "text", "What may be said of it; with its first metric.", optional=True),
    ),
    ("project", "datasets", "experiment", "metric"),
)

RELIABILITY: Final = Table(
    "reliability",
    "a key metric: how much of what its values differ by lies between experiments, and not "
    "between replicates of one",
    (
        PROJECT,
        METRIC,
        DATASETS,
        Column("n_experiments", "integer", "Experiments with replicates."),
        Column("n", "integer", "Runs of these."),
        Column("per_experiment", "number", "Runs of each; n₀ where they differ."),
        Column("icc", "number", "ICC(1,1): that share for a single run.", optional=True),
        Column("low", "number", "Lower end of its interval.", optional=True),
        Column("high", "number", "Upper end of the interval.", optional=True),
        Column("level", "number", "Level of the interval."),
        Column("sd", "number", "Standard deviation within experiments, pooled.", "metric"),
        Column("df", "integer", "Its degrees of freedom."),
        UNIT,
        DIRECTION,
        Column("sentence", "text", "What may be said of it."),
    ),
    ("project", "metric", "datasets", "unit"),
)

REPRODUCIBILITY: Final = Table(
    "reproducibility",
    "a key or primary metric of a run that repeats another one; one row with an empty metric where "
    "there is nothing to compare",
    (
        PROJECT,
        RUN,
        Column("name", "text", "Name of the run that repeats."),
        Column("original", "text", "The run that it repeats."),
        Column("original_name", "text", "Its name, where it is in this view.", optional=True),
        METRIC,
        Column("value", "number", "Value of the rerun.", "metric", optional=True),
        Column("original_value", "number", "Value of the original.", "metric", optional=True),
        Column("difference", "number", "Rerun minus original.", "metric", optional=True),
        Column(
            "tolerance",
            "number",
            "Largest difference that counts as agreement.",
            "metric",
            optional=True,
        ),
        Column(
            "tolerance_from",
            "text",
            "resolution (the metric's definition) or noise: √2·t·sd of single runs.",
            optional=True,
        ),
        Column("sd", "number", "Noise within experiments, pooled.", "metric", optional=True),
        Column("df", "integer", "Its degrees of freedom; 0 where nothing was repeated."),
        Column("level", "number", "How often honest reruns agree, where noise decides."),
        Column("other_machine", "boolean", "Whether it was on another machine.", optional=True),
        Column("other_author", "boolean", "Whether somebody else made it.", optional=True),
        Column("independent", "boolean", "Whether it was on another machine or somebody else's."),
        Column("same_experiment", "boolean", "Whether both have one config digest.", optional=True),
        Column(
            "verdict",
            "text",
            "agree, differs, failed (the rerun did not complete), cannot be told, or missing (the "
            "original is not in this view, or one of them does not count).",
        ),
        UNIT,
        DIRECTION,
        Column("sentence", "text", "What may be said of it."),
        RECORD,
    ),
    ("project", "run_id", "record_digest", "metric"),
)

RIGOR: Final = Table(
    "rigor",
    "a registration of a hypothesis, and what it still lacks of a list of eight",
    (
        PROJECT,
        Column("hypothesis", "text", "Slug of the hypothesis."),
        Column("registration", "text", "Digest of the registration."),
        Column("current", "boolean", "Whether no other registration amends it."),
        Column("list", "text", "Version of the list."),
        Column("preregistered", "boolean", "Runs linked it when they started."),
        Column("baseline", "boolean", "Its baseline was measured anew."),
        Column("replicates", "boolean", "Each arm has three independent values."),
        Column("interval", "boolean", "Its difference has an interval."),
        Column(
            "multiplicity",
            "boolean",
            "It is the only claim, or names its family, or holds at the level of the whole lab.",
        ),
        Column("power", "boolean", "The registered runs find a difference of delta, power 0.8."),
        Column("capture", "boolean", "Capture misses nothing of its runs."),
        Column("rerun", "boolean", "An independent rerun of one of its runs agrees."),
        Column("met", "integer", "How many of these it has."),
        Column("items", "integer", "How many there are."),
        Column("score", "number", "The share, 0 to 1; each has the same weight."),
        Column("power_value", "number", "That power, by the noise that was seen.", optional=True),
        Column("lacks", "texts", "What is missing, in words."),
        Column("sentence", "text", "What may be said of it."),
    ),
    ("project", "hypothesis", "registration"),
)

TRENDS: Final = (LUCK, DRIFT, PARETO, RELIABILITY, REPRODUCIBILITY, RIGOR)
"""All of these."""
