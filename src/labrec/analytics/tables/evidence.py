"""Tables about hypotheses: who counts, what it weighs, and the verdicts. ○ Pure."""

from __future__ import annotations

from typing import Final

from labrec.analytics.tables.contract import EXPERIMENT, METRIC, PROJECT, Column, Table

HYPOTHESIS: Final = Column("hypothesis", "text", "Slug of the hypothesis.")
REGISTRATION: Final = Column(
    "registration", "text", "Digest of the registration that decides; each amendment is its own."
)
_KIND = Column(
    "kind",
    "text",
    "confirmatory (linked when the run started) or exploratory (linked later).",
)
_UNIT = Column("unit", "text", "Unit of the values; missing where they differ.", optional=True)


def _number(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name, "number", meaning, unit, optional=True)


EVIDENCE_RUNS: Final = Table(
    "evidence_runs",
    "a run that bears on a hypothesis, with its place in the verdict or the reason why it has none",
    (
        PROJECT,
        HYPOTHESIS,
        REGISTRATION,
        Column("run_id", "text", "The run."),
        Column("record_digest", "text", "Digest of its record, sha256:…."),
        EXPERIMENT,
        Column("part", "text", "treatment, baseline, or none."),
        Column("kind", "text", "confirmatory, exploratory, or none."),
        Column("place", "integer", "Its place in its arm, from 1; missing without.", optional=True),
        Column("baseline", "text", "Experiment that a treatment is compared with.", optional=True),
        Column("withdrawn", "boolean", "Whether a note took it out of the verdict."),
        Column(
            "published",
            "text",
            "Commit by which a remote had the registration before it started, as its clone knew.",
            optional=True,
        ),
        Column("status", "text", "complete, failed, interrupted or planned."),
        Column("why", "text", "Why it counts, or why not."),
    ),
    ("project", "hypothesis", "registration", "run_id", "record_digest"),
)

EVIDENCE_UNITS: Final = Table(
    "evidence_units",
    "a primary metric of an experiment that bears on a hypothesis",
    (
        PROJECT,
        HYPOTHESIS,
        REGISTRATION,
        EXPERIMENT,
        METRIC,
        _KIND,
        Column("name", "text", "Name of the experiment."),
        Column("baseline", "text", "Experiment that it is compared with."),
        Column("n_runs", "integer", "Its runs with a place."),
        Column("n_missing", "integer", "Of these, without a value."),
        Column("n", "integer", "Its independent values."),
        Column("n_baseline", "integer", "Independent values of the baseline."),
        _number("mean", "Mean of its values.", "metric"),
        _number("mean_baseline", "Mean of the baseline's values.", "metric"),
        _number("delta", "Difference of the means, positive in the claimed direction.", "metric"),
        _UNIT,
        _number("scale", "Pooled standard deviation within experiments; 0 = deterministic.",
                "metric"),
        Column("scale_df", "integer", "Its degrees of freedom; 0 where there are no replicates."),
        Column("weak", "boolean", "Whether they are fewer than 4."),
        Column("deterministic", "boolean", "Whether nothing varies between replicates."),
        _number("resolution", "Smallest difference that the metric can show, where declared.",
                "metric"),
        _number("normalized_delta", "delta / scale, from -10 to 10; missing without a scale."),
        _number("spread_ratio", "delta / MAD between experiments, where there is no scale; never "
                "part of E."),
        Column("weight", "number", "Its weight in E of the experiment; they sum to 1."),
        Column("c_status", "number", "Confidence: how its runs ended, 0 to 1."),
        Column("c_tail", "number", "Confidence: 1/(1 + sd of the last tenth/|delta|)."),
        Column("c_replication", "number", "Confidence: n/(n + 1)."),
        Column("c_reruns", "number", "Confidence: (agreeing + 1)/(reruns + 2)."),
        Column("c_capture", "number", "Confidence: 1 minus what capture misses."),
        Column("deductions", "texts", "What capture misses, by name."),
        Column("n_reruns", "integer", "Runs that repeat one of its runs."),
        Column("n_agreeing", "integer", "Of these, those that agree."),
        Column("confidence", "number", "Geometric mean of the five: a score, no probability."),
        _number("contribution", "Mean confidence of the experiment's units × weight × "
                "normalized_delta: its part in E of the hypothesis, if confirmatory."),
    ),
    ("project", "hypothesis", "registration", "experiment", "metric", "kind"),
)  # fmt: skip

EVIDENCE: Final = Table(
    "evidence",
    "an experiment that bears on a hypothesis, over the primary metrics",
    (
        PROJECT,
        HYPOTHESIS,
        REGISTRATION,
        EXPERIMENT,
        _KIND,
        Column("name", "text", "Name of the experiment."),
        Column("n_metrics", "integer", "Primary metrics with a normalized difference."),
        _number("score", "E of the experiment: Σ weight × normalized_delta."),
        Column("confidence", "number", "Mean confidence of its units."),
        _number("contribution", "confidence × score: its part in E of the hypothesis."),
    ),
    ("project", "hypothesis", "registration", "experiment", "kind"),
)

_ARMS = tuple(
    Column(f"{name}_{arm}", "integer", meaning.format(arm=f"the {arm} arm"))
    for arm in ("treatment", "baseline")
    for name, meaning in (
        ("n_runs", "Runs with a place in {arm}."),
        ("n_failed", "Of the runs in {arm}, failed."),
        ("n_interrupted", "Of the runs in {arm}, interrupted."),
        ("n_absent", "Of the runs in {arm}, complete without a value."),
        ("n_not_finite", "Of the runs in {arm}, complete with NaN or an infinity."),
        ("n_identical", "Values of {arm} that say no more than another one."),
        ("n", "Independent values, or pairs, of {arm}."),
    )
)

_DIFFERENCE = (
    Column("method", "text", "paired, welch, random effects, or none."),
    _number("estimate", "The difference, positive in the claimed direction.", "metric"),
    _number("error", "Its standard error; 0 = deterministic.", "metric"),
    _number("df", "Degrees of freedom."),
    _number("low", "Lower end of its interval.", "metric"),
    _number("high", "Upper end of its interval.", "metric"),
    _number("level", "Level of the interval, 1 - 2 × the look's share of alpha."),
)

HYPOTHESIS_METRICS: Final = Table(
    "hypothesis_metrics",
    "a primary metric of a registered hypothesis, at the look that is shown",
    (
        PROJECT,
        HYPOTHESIS,
        REGISTRATION,
        METRIC,
        Column("direction", "text", "maximize or minimize: the claimed direction."),
        Column("delta", "number", "What the difference must exceed.", "metric"),
        Column("leads", "boolean", "Whether it decides for the claim."),
        _UNIT,
        *_ARMS,
        Column("n_machines", "integer", "Machines of both arms; unknown ones count as one."),
        _number("mean_treatment", "Mean of the treatment arm.", "metric"),
        _number("mean_baseline", "Mean of the baseline arm.", "metric"),
        *_DIFFERENCE,
        Column("n_baselines", "integer", "Experiments that the treatments are compared with."),
        _number("tau", "Standard deviation of the true differences between baselines.", "metric"),
        _number("p_support_seen", "One-sided p of a difference not above delta; where nothing "
                "varies, how often values agree so by chance."),
        _number("p_refute_seen", "One-sided p of a difference not below delta."),
        _number("p_support", "The largest of p_support_seen, the same with the worst that was "
                "seen in the place of what is missing, and with equal outputs counted each."),
        _number("p_refute", "Likewise against the claim, with the best."),
        _number("g", "Hedges' g of the arms, in the claimed direction; descriptive."),
        _number("g_low", "Lower end of Bonett's 95 % interval of g."),
        _number("g_high", "Upper end."),
        _number("missing_treatment", "Share of the treatment arm without a value."),
        _number("missing_baseline", "Share of the baseline arm without a value."),
        _number("p_missing", "Barnard's p of equal completion."),
        Column("missing_matters", "boolean", "Whether a verdict is refused for it."),
        _number("bound_low", "Smallest difference that missing values could lead to.", "metric"),
        _number("bound_high", "Largest difference that missing values could lead to.", "metric"),
        Column("needed_n", "integer", "Runs in each arm that it would take, power 0.8.",
               optional=True),
        _number("needed_effect", "For a difference that is so far beyond delta: delta itself, or "
                "where that is 0 the difference that was seen, which flatters.", "metric"),
        _number("power_seen", "Power of the same test again for the difference that was seen."),
        _number("power_low", "The same for the lower end of its interval."),
        Column("n_exploratory", "integer", "Values of runs linked later."),
        _number("exploratory_estimate", "Their difference to the baseline, never a verdict.",
                "metric"),
        _number("exploratory_low", "Lower end of its interval of level 1 - 2 alpha.", "metric"),
        _number("exploratory_high", "Upper end.", "metric"),
    ),
    ("project", "hypothesis", "registration", "metric"),
)  # fmt: skip

HYPOTHESES: Final = Table(
    "hypotheses",
    "a registration of a hypothesis with its verdict; the metric is the one that leads",
    (
        PROJECT,
        HYPOTHESIS,
        REGISTRATION,
        Column("order", "integer", "Its place among all registrations of the lab."),
        Column("current", "boolean", "Whether no other registration amends it."),
        Column("amends", "text", "The registration that it amends.", optional=True),
        Column("registered_at", "time", "When it was registered, by its author's clock."),
        Column("author", "text", "Who registered it."),
        Column("claim", "text", "The claim in words."),
        Column("falsification", "text", "What would refute it beyond the rule, in words.",
               optional=True),
        Column("verdict", "text", "proposed, testing, supported, refuted, inconclusive, or "
               "suggestive: by the registered rule, now."),
        Column("side", "text", "for or against, of suggestive.", optional=True),
        Column("why", "text", "What it rests on, or what keeps it from a verdict."),
        Column("final", "boolean", "Whether more runs change nothing."),
        Column("sentence", "text", "The verdict in one sentence, with what it rests on."),
        Column("then", "text", "The verdict that a note has kept.", optional=True),
        Column("then_notes", "texts", "Digests of the notes that keep it; several that disagree."),
        Column("then_text", "text", "Their words, with the view that was judged.", optional=True),
        Column("changed", "boolean", "Whether then and now differ."),
        Column("decided", "text", "What a decide note says.", optional=True),
        Column("decided_by", "text", "Whose decision that is.", optional=True),
        Column("decided_why", "text", "The reason they gave.", optional=True),
        Column("overridden", "boolean", "Whether that decision takes the place of the verdict."),
        Column("shown", "text", "What people are shown: such a decision, else the verdict."),
        Column("verdict_with_withdrawn", "text", "The verdict with the runs that were withdrawn; "
               "missing where there are none.", optional=True),
        Column("verdict_lab", "text", "The verdict at the level over the whole lab."),
        Column("alpha_lab", "number", "That level: 6 alpha/(π² order²)."),
        Column("registered", "text", "preregistered (runs linked it when they started), "
               "exploratory (only later), or unlinked."),
        Column("attested", "text", "witnessed: every treatment names a commit by which a remote "
               "had the registration before it started, as its clone knew; check it there. Else "
               "self-attested."),
        Column("test", "text", "The registered test."),
        Column("decision", "text", "all or any of the primary metrics."),
        Column("baseline", "text", "parent, root, best, or named."),
        Column("baseline_name", "text", "Name of the named one.", optional=True),
        Column("baselines", "texts", "Experiments that it was."),
        Column("selector", "text", "What the features of a treatment must hold, as JSON."),
        Column("selected_baseline", "boolean", "Whether it was measured before the claim only."),
        Column("candidates", "integer", "Baselines that there were to choose from; alpha is "
               "divided by it."),
        Column("family", "text", "Its family.", optional=True),
        Column("family_size", "integer", "Claims that share its alpha, itself among them."),
        Column("alpha", "number", "The registered error rate."),
        Column("planned_n", "integer", "Registered runs in each arm."),
        Column("looks", "texts", "Registered runs in each arm at each look."),
        Column("look", "integer", "The look that is shown, from 1; missing before any run.",
               optional=True),
        Column("look_n", "integer", "Places in each arm at that look.", optional=True),
        Column("full", "integer", "Places taken in both arms.", optional=True),
        Column("interim", "boolean", "Whether that look is not reached: no verdict rests on it."),
        _number("alpha_look", "The look's share of alpha, divided by the candidates."),
        Column("n_start", "integer", "Runs linked when they started."),
        Column("n_later", "integer", "Runs linked later."),
        Column("n_withdrawn", "integer", "Confirmatory runs that notes took out."),
        Column("n_experiments", "integer", "Experiments of the treatments that have a place."),
        Column("n_machines", "integer", "Machines of both arms on the leading metric."),
        Column("p_support", "number", "p of the claim over its looks and candidates; 1 = none."),
        Column("p_refute", "number", "p against it."),
        Column("p_support_adjusted", "number", "The same, adjusted by Holm in its family."),
        Column("p_refute_adjusted", "number", "The same, adjusted by Holm in its family."),
        _number("score", "E: Σ confidence × score of the experiments. Never decides alone."),
        Column("threshold", "number", "T: E of a supported hypothesis is above it."),
        Column("metric", "text", "The leading primary metric."),
        Column("direction", "text", "Its claimed direction."),
        Column("delta", "number", "What its difference must exceed.", "metric"),
        _UNIT,
        Column("n_treatment", "integer", "Its independent values, or pairs, of the treatments.",
               optional=True),
        Column("n_baseline", "integer", "Likewise of the baseline.", optional=True),
        *_DIFFERENCE,
    ),
    ("project", "hypothesis", "registration"),
)  # fmt: skip

ABOUT_HYPOTHESES: Final[tuple[Table, ...]] = (
    HYPOTHESES,
    HYPOTHESIS_METRICS,
    EVIDENCE,
    EVIDENCE_UNITS,
    EVIDENCE_RUNS,
)
"""The tables about hypotheses, the verdicts first."""
