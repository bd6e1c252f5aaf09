"""The table of conditions against metrics: hardware against quality, speed and energy. ○ Pure."""

from __future__ import annotations

from typing import Final

from labrec.analytics.tables.contract import DIRECTION, METRIC, PROJECT, UNIT, Column, Table

HARDWARE_QUALITY: Final = Table(
    "hardware_quality",
    "a metric, or the share of complete runs, under the levels of a condition: one comparison",
    (
        PROJECT,
        Column("condition", "text", "What the runs differ in, such as cpu_model or quantization."),
        METRIC._replace(meaning="Name of the metric; empty for the share of complete runs."),
        Column("scope", "text", "all levels together, or one pair of more than two."),
        Column("first", "text", "Level that is subtracted; of more than two levels in scope all "
               "the pair that differs most; empty for an amount."),
        Column("last", "text", "The other level."),
        Column("kind", "text", "machine (has it for good), state (during a run) or feature."),
        Column("role", "text", "quality, speed, energy or completion."),
        UNIT,
        DIRECTION,
        Column("levels", "texts", "Levels that are compared, in order."),
        Column("left_out", "texts", "Levels that share too few blocks with these."),
        Column("aliases", "texts", "Conditions that part the runs in the same way: nothing tells "
               "them apart."),
        # what was compared
        Column("counted", "text", "What one observation is: block, machine, run or pair of runs.",
               optional=True),
        Column("claims", "text", "models or machines: whom a difference is said of where the "
               "condition is part of a machine; else condition."),
        Column("n", "integer", "Observations of each level: the fewest.", optional=True),
        Column("n_blocks", "integer", "Blocks: one task, dataset, model and configuration each."),
        Column("n_runs", "integer", "Runs that are compared."),
        Column("n_experiments", "integer", "Experiments among them."),
        Column("experiments", "texts", "Their config digests, the first hundred: the table runs "
               "lists their runs."),
        Column("n_machines", "integer", "Machines among them that are known."),
        Column("machines_per_level", "integer", "Fewest known machines of a level."),
        Column("n_repeated", "integer", "Runs left out: an identical measurement counts once."),
        Column("n_missing", "integer", "Complete runs of a known level without a finite value."),
        Column("n_unknown", "integer", "Runs that ended and do not say their level."),
        # the primary test
        Column("scale", "text", "What is tested: difference, or ratio (of logarithms) for speed "
               "and energy where every value is positive.", optional=True),
        Column("mean_first", "number", "Mean of the first level.", "metric", optional=True),
        Column("mean_last", "number", "Mean of the last level.", "metric", optional=True),
        Column("estimate", "number", "Last level minus first; of an amount Spearman's rank "
               "correlation.", "metric", optional=True),
        Column("error", "number", "Standard error of the estimate.", "metric", optional=True),
        Column("low", "number", "Lower end of its interval.", "metric", optional=True),
        Column("high", "number", "Upper end of its interval.", "metric", optional=True),
        Column("level", "number", "Level of the interval; for all pairs together in scope all.",
               optional=True),
        Column("ratio", "number", "On the scale of ratios the last level as a multiple of the "
               "first.", optional=True),
        Column("ratio_low", "number", "Lower end of its interval.", optional=True),
        Column("ratio_high", "number", "Upper end of its interval.", optional=True),
        Column("sd", "number", "Standard deviation of the differences (of logarithms, on the scale "
               "of ratios) where blocks are counted, else within levels.", optional=True),
        Column("test", "text", "paired t, block ANOVA, Welch t, Welch ANOVA, Welch t of all "
               "pairs, Spearman or Barnard.", optional=True),
        Column("statistic", "number", "t, F or rank correlation.", optional=True),
        Column("df1", "number", "Degrees of freedom; of F between.", optional=True),
        Column("df2", "number", "Degrees of freedom of F, within.", optional=True),
        Column("epsilon", "number", "Greenhouse–Geisser's, by which both are multiplied.",
               optional=True),
        Column("p", "number", "Of no difference between the levels.", optional=True),
        Column("family", "text", "Comparisons that are adjusted together."),
        Column("family_size", "integer", "How many of them were tested."),
        Column("p_adjusted", "number", "p adjusted by Holm in its family.", optional=True),
        Column("planned", "text", "registered or post hoc."),
        # equivalence
        Column("margin", "number", "Difference that would matter, δ.", "metric", optional=True),
        Column("margin_from", "text", "definition or registration.", optional=True),
        Column("equivalence_p", "number", "Largest p of two one-sided tests over all pairs.",
               optional=True),
        Column("equivalence_p_adjusted", "number", "The same, adjusted by Holm over the family's "
               "equivalence tests.", optional=True),
        Column("equivalence_low", "number", "Lower end of the 90 % interval.", "metric",
               optional=True),
        Column("equivalence_high", "number", "Upper end of the 90 % interval.", "metric",
               optional=True),
        # beside the test, never deciding
        Column("rank_test", "text", "Wilcoxon or Friedman, on the same observations.",
               optional=True),
        Column("rank_p", "number", "Its p.", optional=True),
        Column("kruskal_p", "number", "Kruskal–Wallis, blocks ignored.", optional=True),
        Column("brunner_munzel_p", "number", "Brunner–Munzel, blocks ignored, two levels.",
               optional=True),
        Column("brunner_munzel_form", "text", "t or permutation (below 10 observations a level).",
               optional=True),
        Column("brunner_munzel_least", "number", "Smallest p that its permutations can give.",
               optional=True),
        Column("cliffs_delta", "number", "Cliff's δ of last and first, -1 to 1.", optional=True),
        # what else may have made the difference
        Column("date_eta", "number", "η of the start times by level.", optional=True),
        Column("model_v", "number", "Cramér's V of level and input artifacts.", optional=True),
        Column("author_v", "number", "Cramér's V of level and author.", optional=True),
        Column("aligned_with", "text", "The strongest of them.", optional=True),
        Column("alignment", "number", "How strong, 0 to 1; from 0.9 on the verdict is confounded.",
               optional=True),
        # the mixed model
        Column("mixed_reason", "text", "Why the mixed model is not reported.", optional=True),
        Column("mixed_estimate", "number", "Last level minus first in it, of logarithms on the "
               "scale of ratios; so are the next four.",
               optional=True),
        Column("mixed_error", "number", "Its standard error.", optional=True),
        Column("mixed_sd_block", "number", "Spread between blocks.", optional=True),
        Column("mixed_sd_machine", "number", "Spread between machines of a level.",
               optional=True),
        Column("mixed_sd_residual", "number", "Residual spread.", optional=True),
        Column("mixed_p", "number", "Of no difference, by parametric bootstrap.", optional=True),
        Column("mixed_draws", "integer", "Draws of the bootstrap.", optional=True),
        # what follows
        Column("detectable", "number", "Smallest difference, or factor on the scale of ratios, "
               "that so many observations would show with power 0.8.", optional=True),
        Column("n_needed", "integer", "Observations of each level that it would take.",
               optional=True),
        Column("n_needed_for", "number", "To see this difference with power 0.8: δ, or half of "
               "what is detectable (on the scale of ratios a factor).", optional=True),
        Column("verdict", "text", "not comparable, confounded, constant, effect (below δ), effect, "
               "no effect larger than δ or inconclusive."),
        Column("reason", "text", "Why it cannot be compared, or is confounded.", optional=True),
        Column("unknown", "text", "The strongest thing that is not known.", optional=True),
        Column("sentence", "text", "The verdict with everything it rests on; plain text."),
    ),
    ("project", "condition", "metric", "scope", "first", "last"),
)  # fmt: skip

HARDWARE_OBSERVATIONS: Final = Table(
    "hardware_observations",
    "an observation behind a comparison of all levels in hardware_quality: what one block, machine "
    "or run had under one level",
    (
        PROJECT,
        Column("condition", "text", "What the runs differ in."),
        METRIC,
        Column("place", "integer", "Place of the level among levels of the comparison, from 1."),
        Column("level", "text", "The level."),
        Column(
            "observation",
            "integer",
            "Its number, from 1: of blocks and pairs of runs the same "
            "one under every level, of machines and runs a number of its own.",
        ),
        Column("counted", "text", "What it is: block, machine, run or pair of runs."),
        Column("value", "number", "Mean of its runs.", "metric"),
        Column("n", "integer", "How many the level has; the first two hundred are given."),
        UNIT,
    ),
    ("project", "condition", "metric", "place", "observation"),
)

HARDWARE_SPEEDS: Final = Table(
    "hardware_speeds",
    "a speed or energy metric on one model of processor and accelerator: where the values of its "
    "complete runs lie, whatever they ran",
    (
        PROJECT,
        METRIC,
        Column("cpu_model", "text", "Model of the processor; empty where it is not known."),
        Column("gpu_model", "text", "Models of the accelerators; empty where none is known."),
        UNIT,
        DIRECTION,
        Column("role", "text", "speed or energy."),
        Column("n", "integer", "Runs with a finite value."),
        Column("n_experiments", "integer", "Experiments among them."),
        Column("n_machines", "integer", "Known machines among them."),
        Column("min", "number", "Smallest value.", "metric"),
        Column("q1", "number", "Lower quartile.", "metric"),
        Column("median", "number", "Median.", "metric"),
        Column("q3", "number", "Upper quartile.", "metric"),
        Column("max", "number", "Largest value.", "metric"),
        Column("sentence", "text", "What may be said of it."),
    ),
    ("project", "metric", "cpu_model", "gpu_model", "unit"),
)

ABOUT_HARDWARE: Final = (HARDWARE_QUALITY, HARDWARE_OBSERVATIONS, HARDWARE_SPEEDS)
"""All of these."""
