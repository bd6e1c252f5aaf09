"""Effects of designs with their errors: what must hold of any design, and of each shape of one."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analytics.attribution.factorials import design

from labrec.analytics.attribution import games, permutations
from labrec.analytics.attribution.attribute import attribute, sampled
from labrec.analytics.attribution.design import Cell, Design
from labrec.analytics.attribution.frame import Frame
from labrec.analytics.attribution.noise import noise
from labrec.analytics.attribution.words import finding
from labrec.analytics.stats.multiple import holm

SEEDS = ("1", "2", "3")


def _close(one: object, other: object) -> None:
    assert np.allclose(np.asarray(one), np.asarray(other), rtol=0, atol=1e-8)


def _random(k: int, n: int, number: int = 1, seed_sd: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(number)
    return rng.normal(size=(1 << k, n)) + seed_sd * rng.normal(size=n)


# --- any design -------------------------------------------------------------------------------


@st.composite
def designs(draw: st.DrawFn) -> Design:
    """Any cells of up to four factors, with one to four values each."""
    k = draw(st.integers(1, 4))
    cells = draw(st.lists(st.integers(0, (1 << k) - 1), min_size=1, unique=True))
    value = st.floats(-1e3, 1e3, allow_subnormal=False)
    pool = draw(st.sampled_from([(None,), ("1", "2", "3", "4"), ("1", None, "2")]))
    return Design(
        tuple("abcd"[:k]),
        tuple(
            Cell(
                on,
                tuple(values := draw(st.lists(value, min_size=1, max_size=4))),
                tuple(draw(st.sampled_from(pool)) for _ in values),
            )
            for on in cells
        ),
        "loss",
    )


@settings(max_examples=150)
@given(designs())
def test_every_effect_is_whole(given_design: Design):
    found = attribute(given_design)
    k = len(given_design.factors)
    for effect in found.effects:
        assert (effect.estimate is None) <= (not effect.identifiable)
        ends = (
            effect.se,
            effect.low,
            effect.high,
            effect.p,
            effect.p_holm,
            effect.low_simultaneous,
        )
        assert len({end is None for end in ends}) == 1  # all or none
        assert (effect.method == "none") == (effect.se is None)
        if effect.low is not None:
            assert effect.low_simultaneous <= effect.low < effect.high <= effect.high_simultaneous
            _close((effect.low + effect.high) / 2, effect.estimate)
            assert 0 < effect.p <= effect.p_holm <= 1
        if effect.estimate is None:
            assert effect.needed
            assert not {cell.on for cell in given_design.cells} & set(effect.needed)
    assert {effect.factors for effect in found.effects if effect.kind == "shapley"} == {
        (place,) for place in range(k)
    }
    if found.shape == "complete":
        assert abs(found.gap) <= 1e-8


@settings(max_examples=60)
@given(designs(), st.integers(1, 4))
def test_the_order_of_cells_and_replicates_does_not_matter(given_design: Design, number: int):
    rng = np.random.default_rng(number)
    cells = []
    for place in rng.permutation(len(given_design.cells)):
        cell = given_design.cells[place]
        order = rng.permutation(len(cell.values))
        cells.append(
            Cell(
                cell.on,
                tuple(cell.values[at] for at in order),
                tuple(cell.seeds[at] for at in order),
            )
        )
    one, other = attribute(given_design), attribute(given_design._replace(cells=tuple(cells)))
    for effect, again in zip(one.effects, other.effects, strict=True):
        assert effect.method == again.method
        if effect.estimate is not None:
            _close(effect.estimate, again.estimate)
        if effect.se is not None:
            assert math.isclose(effect.se, again.se, rel_tol=1e-6)


def test_one_design_always_gives_one_answer():
    given_design = design("ab", _random(2, 25))
    assert attribute(given_design) == attribute(given_design)


def test_a_design_without_cells_says_what_to_run():
    found = attribute(Design(("a", "b"), (), "loss"))
    assert found.missing == (0, 1, 2, 3)
    assert len(found.missing_main) == 3
    assert not any(effect.identifiable for effect in found.effects)


# --- replicates -------------------------------------------------------------------------------


def test_estimates_are_those_of_the_cell_means():
    values = _random(3, 3)
    found = attribute(design("abc", values))
    means = values.mean(axis=1)
    for place in range(3):
        _close(found.effect("shapley", place).estimate, games.shapley(means)[place])
        _close(found.effect("banzhaf", place).estimate, games.banzhaf(means)[place])
        _close(found.effect("main", place).estimate, games.contrasts(means)[1 << place])
    assert found.effect("interaction", 0, 1, 2).estimate is not None
    assert len([effect for effect in found.effects if effect.kind == "interaction"]) == 4


def test_pooled_errors_by_hand():
    """Two factors, two values a cell at ±1 of its mean: s² = 2 on 4 degrees of freedom."""
    means = (10.0, 14.0, 11.0, 19.0)
    found = attribute(design("ab", [(mean - 1, mean + 1) for mean in means]))
    assert found.residual_sd == pytest.approx(math.sqrt(2))
    assert found.residual_df == 4
    shapley = found.effect("shapley", 0)  # ((14 - 10) + (19 - 11)) / 2
    assert shapley.estimate == 6.0
    assert shapley.se == pytest.approx(math.sqrt(4 * 0.25 * 2 / 2))  # Σw²·s²/n
    assert shapley.high == pytest.approx(6 + 2.7764451 * shapley.se)
    assert shapley.high_simultaneous == pytest.approx(6 + 3.4954060 * shapley.se)  # t at 0.05/2
    assert shapley.p == pytest.approx(0.003883, abs=1e-5)
    assert (shapley.method, shapley.df, shapley.family) == ("pooled", 4, 2)
    interaction = found.effect("interaction", 0, 1)  # (19 - 14 - 11 + 10) / 2
    assert interaction.estimate == 2.0
    assert found.effect("shapley-interaction", 0, 1).estimate == 4.0
    assert (found.effect("leave-one-out", 0).estimate, found.effect("add-one", 0).estimate) == (
        8,
        4,
    )


def test_what_a_seed_does_to_all_cells_is_no_noise():
    noise = _random(3, 3)
    seeds = np.array([0.0, 50.0, -20.0])
    shifted = attribute(design("abc", noise + seeds, SEEDS))
    still = attribute(design("abc", noise, SEEDS))
    assert shifted.blocks == 3
    assert shifted.residual_df == 14  # (8 - 1)(3 - 1)
    for effect, other in zip(shifted.effects, still.effects, strict=True):
        assert effect.method == "blocks"
        _close(effect.estimate, other.estimate)
        _close(effect.se, other.se)
    unknown = attribute(design("abc", noise + seeds))
    assert unknown.effect("shapley", 0).se > 10 * shifted.effect("shapley", 0).se


def test_blocks_agree_with_paired_t_in_a_design_of_one_factor():
    values = _random(1, 6, seed_sd=5)
    found = attribute(design("a", values, tuple("123456"))).effect("shapley", 0)
    differences = values[1] - values[0]
    assert found.estimate == pytest.approx(differences.mean())
    assert found.se == pytest.approx(differences.std(ddof=1) / math.sqrt(6))
    assert found.df == 5


def test_cells_that_scatter_differently_are_not_pooled():
    rng = np.random.default_rng(5)
    values = [rng.normal(size=12) * sd for sd in (0.01, 0.01, 8.0, 8.0)]
    found = attribute(design("ab", values))
    assert found.p_levene < 0.01
    quiet, loud = found.effect("add-one", 0), found.effect("leave-one-out", 0)
    assert quiet.method == loud.method == "welch"
    assert quiet.se < loud.se / 100
    variances = [float(np.var(values[on], ddof=1)) / 12 for on in (0, 1)]
    assert quiet.se == pytest.approx(math.sqrt(sum(variances)))
    assert quiet.df == pytest.approx(
        sum(variances) ** 2 / sum(variance**2 / 11 for variance in variances)
    )
    seeded = attribute(design("ab", values, tuple(map(str, range(12)))))
    effect = seeded.effect("add-one", 0)
    assert effect.method == "per seed"
    assert effect.df == 11
    assert effect.se == pytest.approx(
        float(np.std(values[1] - values[0], ddof=1)) / math.sqrt(12), rel=1e-9
    )


def test_where_cells_lack_seeds_those_that_all_have_stand_alone():
    rng = np.random.default_rng(5)
    values = [rng.normal(size=8) * sd for sd in (0.01, 0.01, 8.0, 8.0)]
    seeds = tuple(map(str, range(8)))
    cells = [Cell(on, tuple(map(float, row)), seeds) for on, row in enumerate(values)]
    cells[0] = cells[0]._replace(values=cells[0].values[1:], seeds=seeds[1:])
    found = attribute(Design(("a", "b"), tuple(cells), "loss"))
    assert "only the seeds that every cell has" in found.note
    effect = found.effect("add-one", 0)
    differences = values[1][1:] - values[0][1:]
    assert (effect.method, effect.df) == ("per seed", 6)
    assert effect.estimate == pytest.approx(differences.mean())
    assert effect.se == pytest.approx(float(differences.std(ddof=1)) / math.sqrt(7))
    cells[1] = cells[1]._replace(values=cells[1].values[:3], seeds=seeds[:3])  # two seeds are left
    few = noise(cells, "unequal")
    assert "fewer than 3 seeds" in few.note
    assert few.error(np.array([-1.0, 1.0, 0.0, 0.0])) is None


def test_replicates_that_do_not_differ_give_no_interval():
    found = attribute(design("ab", [(0.1, 0.1), (0.3, 0.3), (0.2, 0.2), (0.7, 0.7)]))
    assert "deterministic" in found.note
    assert found.residual_sd == 0
    assert all(effect.low is None for effect in found.effects)
    shifted = [(0.1, 0.2), (0.3, 0.4), (0.2, 0.3), (0.7, 0.8)]
    found = attribute(design("ab", shifted, ("1", "2")))
    assert "what their seeds do to all cells alike" in found.note


def test_seeds_that_only_some_cells_share_connect_those_alone():
    values = _random(2, 3)
    cells = tuple(
        Cell(on, tuple(values[on]), SEEDS if on in (0, 1) else ("7", "8", "9")) for on in range(4)
    )
    found = attribute(Design(("a", "b"), cells, "loss"))
    assert found.residual_df == 4  # 12 - 4 cells - 6 seeds + 2 parts
    inside = found.effect("add-one", 0)
    differences = values[1] - values[0]
    assert inside.estimate == pytest.approx(differences.mean())
    assert inside.low is not None
    across = found.effect("main", 1)
    assert across.low is None
    assert "share no seeds" in across.note


def test_holm_is_over_the_effects_of_a_kind():
    found = attribute(design("abc", _random(3, 4)))
    shapley = [effect for effect in found.effects if effect.kind == "shapley"]
    assert [effect.p_holm for effect in shapley] == holm([effect.p for effect in shapley])
    assert {effect.family for effect in shapley} == {3}
    contrasts = [effect for effect in found.effects if effect.kind in ("main", "interaction")]
    assert [effect.p_holm for effect in contrasts] == holm([effect.p for effect in contrasts])
    assert {effect.family for effect in contrasts} == {7}


def test_bootstrap_waits_for_twenty_values_a_cell():
    few, enough = (attribute(design("ab", _random(2, n))) for n in (19, 20))
    assert all(effect.low_bootstrap is None for effect in few.effects)
    for effect in enough.effects:
        assert effect.low_bootstrap < effect.estimate < effect.high_bootstrap
        # close to the t interval, as the values are normal
        assert abs(effect.low_bootstrap - effect.low) < 0.15 * (effect.high - effect.low)


# --- without replicates -----------------------------------------------------------------------


def test_two_factors_without_replicates_have_no_interval():
    found = attribute(design("ab", [1, 2, 3, 5]))
    assert all(effect.low is None for effect in found.effects)
    assert "fewer than 7 contrasts" in found.effect("shapley", 0).note


def test_lenth_gives_every_effect_the_error_of_the_contrasts():
    values = [60, 72, 54, 68, 52, 83, 45, 80]  # pilot plant, PSE 2.25
    found = attribute(design("TCK", values))
    assert {effect.method for effect in found.effects} == {"lenth"}
    assert found.effect("main", 0).se == 2.25
    sigma = 2.25 * math.sqrt(8) / 2  # the contrast of 8 cells has the variance 4σ²/8
    for place in range(3):
        weights = games.weights("shapley", (place,), 3)
        expected = sigma * math.sqrt((weights**2).sum())
        assert found.effect("shapley", place).se == pytest.approx(expected)
        pair = found.effect("leave-one-out", place)
        assert pair.se == pytest.approx(sigma * math.sqrt(2))


def test_noise_alone_is_seldom_found_by_lenth():
    found = attribute(design("abcd", _random(4, 1, 7)))
    contrasts = [effect for effect in found.effects if effect.kind in ("main", "interaction")]
    assert len(contrasts) == 15
    assert min(effect.p_holm for effect in contrasts) > 0.05


# --- incomplete -------------------------------------------------------------------------------


def test_what_two_cells_say_is_said_whatever_else_is_missing():
    found = attribute(design("abc", [1.0, 2.0, 9.0], cells=(0, 1, 7)))
    assert found.effect("add-one", 0).estimate == 1.0
    assert found.effect("add-one", 0).model == "saturated"
    left = found.effect("leave-one-out", 1)
    assert (left.estimate, left.identifiable, left.needed) == (None, False, (5,))
    assert found.shape == "incomplete"
    assert found.missing == (2, 3, 4, 5, 6)
    assert len(found.missing_main) == 1
    shapley = found.effect("shapley", 1)
    assert (shapley.identifiable, shapley.needed) == (False, found.missing)
    assert found.effect("shapley", 0).model == "order 1"  # the change of a, no interaction assumed


def test_a_model_gives_what_a_function_of_its_order_has():
    """A function without interactions of three is known from seven of eight cells."""
    rng = np.random.default_rng(3)
    dividends = rng.normal(size=8)
    dividends[7] = 0.0
    values = np.array(
        [sum(dividends[on] for on in range(8) if on & all_on == on) for all_on in range(8)]
    )
    cells = [0, 1, 2, 3, 4, 5, 6]
    found = attribute(design("abc", values[cells], cells=cells))
    for place in range(3):
        shapley = found.effect("shapley", place)
        assert (shapley.model, shapley.identifiable) == ("order 2", True)
        _close(shapley.estimate, games.shapley(values)[place])
        _close(found.effect("leave-one-out", place).estimate, values[7] - values[7 ^ 1 << place])
    for pair in combinations(range(3), 2):
        effect = found.effect("shapley-interaction", *pair)
        _close(effect.estimate, games.shapley_interactions(values)[pair])
        _close(
            found.effect("interaction", *pair).estimate,
            games.contrasts(values)[sum(1 << place for place in pair)],
        )


def test_cells_that_contradict_the_model_are_said_and_make_no_finding():
    """Five cells of a function with a large interaction of a and b."""
    rng = np.random.default_rng(6)
    cells = [0, 1, 2, 3, 4]
    values = np.array([0.0, 3.0, 3.0, 16.0, 3.0])[:, None] + 0.5 * rng.normal(size=(5, 3))
    given_design = design("abc", values, SEEDS, cells)
    shapley = attribute(given_design).effect("shapley", 0)
    assert shapley.model == "order 1"
    assert shapley.p_fit < 1e-6
    assert "contradict" in shapley.note
    assert finding(shapley, given_design) == "unclear"
    # a + b without interaction: nothing is contradicted, and nothing to spare tests nothing
    values[3] -= 10.0
    fine = attribute(design("abc", values, SEEDS, cells)).effect("shapley", 0)
    assert fine.p_fit > 0.05
    assert finding(fine, given_design) == "better"
    assert attribute(design("abc", values[:4], SEEDS, [0, 1, 2, 4])).effect("main", 0).p_fit is None


def test_the_test_of_a_model_rejects_a_true_one_as_seldom_as_it_says():
    rng = np.random.default_rng(12)
    rejected = 0
    for _ in range(400):
        seeds = 4 * rng.normal(size=3)
        values = np.array([0.0, 1, 2, 3, 4])[:, None] + rng.normal(size=(5, 3)) + seeds
        found = attribute(design("abc", values, SEEDS, [0, 1, 2, 3, 4]))
        rejected += found.effect("shapley", 0).contradicted
    assert abs(rejected / 400 - 0.05) <= 2 * math.sqrt(0.05 * 0.95 / 400)


# --- above the budget -------------------------------------------------------------------------

NAMES = tuple("abcdefgh")


def _sampled(values: np.ndarray, names: tuple[str, ...] = NAMES, count: int = 20) -> Design:
    cells = permutations.plan(permutations.orders(names, count))
    return Design(names, tuple(Cell(on, (float(values[on]),), (None,)) for on in cells), "loss")


def test_permutation_pairs_add_up_and_find_what_is_additive_exactly():
    effects = np.arange(1.0, 9.0)
    masks = np.arange(256)
    additive = sum(effects[place] * (masks >> place & 1) for place in range(8))
    found = attribute(_sampled(additive))
    assert found.shape == "permutations"
    for place in range(8):
        shapley = found.effect("shapley", place)
        _close(shapley.estimate, effects[place])
        assert (shapley.method, shapley.note) == ("none", "the same in every pair")
    assert found.gap == 0


def test_a_pair_takes_out_interactions_of_two():
    """Of a permutation and its reverse, a factor comes after each other one exactly once."""
    masks = np.arange(256)
    values = 3.0 * (masks & 1) + 4.0 * ((masks >> 1) & (masks >> 2) & 1)
    found = attribute(_sampled(values))
    _close(
        [found.effect("shapley", place).estimate for place in range(3)], games.shapley(values)[:3]
    )


def test_sampled_values_scatter_as_they_say():
    rng = np.random.default_rng(11)
    covered = total = 0
    for number in range(40):
        names = tuple(f"{letter}{number}" for letter in "abcdefgh")  # another plan each time
        values = rng.normal(size=256)
        frame = Frame(_sampled(values, names))
        truth = games.shapley(values)
        for place in range(8):
            effect, _ = sampled(frame, place)
            assert (effect.method, effect.df) == ("permutation pairs", 9)
            covered += effect.low <= truth[place] <= effect.high
            total += 1
    assert 0.90 <= covered / total <= 0.99  # of 320, in 40 groups that share their cells


def test_replicates_add_their_variance_to_that_of_the_pairs():
    rng = np.random.default_rng(2)
    values = rng.normal(size=256)
    bare = _sampled(values)
    noisy = bare._replace(
        cells=tuple(
            Cell(cell.on, (cell.values[0] - 2.0, cell.values[0] + 2.0), (None, None))
            for cell in bare.cells
        )
    )
    one, other = attribute(bare).effect("shapley", 0), attribute(noisy).effect("shapley", 0)
    _close(one.estimate, other.estimate)
    assert other.se > one.se
    assert other.n_values == 2 * other.n_cells
    assert "not in the interval" in one.note
    assert other.note == ""


def test_a_plan_that_was_not_carried_out_says_what_is_missing():
    whole = _sampled(np.random.default_rng(1).normal(size=256))
    part = whole._replace(cells=whole.cells[:-20])
    found = attribute(part)
    assert set(found.missing) == {cell.on for cell in whole.cells[-20:]}


def test_permutations_of_more_factors_than_can_be_enumerated():
    names = tuple(f"f{number}" for number in range(40))
    orders = permutations.orders(names)
    rng = np.random.default_rng(4)
    cells = tuple(
        Cell(on, (float(on.bit_count() + rng.normal()),), (None,))
        for on in permutations.plan(orders)
    )
    found = attribute(Design(names, cells, "loss", orders=orders))
    assert found.shape == "permutations"
    total = sum(found.effect("shapley", place).estimate for place in range(40))
    _close(total, cells[-1].values[0] - cells[0].values[0])
