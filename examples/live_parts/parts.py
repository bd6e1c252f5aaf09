"""What is each part of a trained model worth? The model is asked while it is in memory.

    python parts.py --seed 1        # in the folder of a lab
    labrec attribute live-parts --metric loss

A softmax classifier of points in the plane has three parts: a bias for each class, a linear part
and a quadratic one. Half-way and at the end of its training each of the eight combinations of them
is measured, on five draws of test points, by loss, accuracy and the accuracy of each class.
Standard library only.
"""

from __future__ import annotations

import argparse
import math
import random
from dataclasses import dataclass, field

import labrec

CLASSES = ("inner", "outer", "right")
STEPS = 2_000
RATE = 0.05
TEST_POINTS = 300

Point = tuple[float, float]


def zeros(count: int) -> list[list[float]]:
    """Return weights of each class for so many inputs."""
    return [[0.0] * count for _ in CLASSES]


@dataclass
class Model:
    """Weights of each part, and which parts are in use."""

    weights: dict[str, list[list[float]]] = field(
        default_factory=lambda: {"bias": zeros(1), "linear": zeros(2), "quadratic": zeros(3)}
    )
    uses_bias: bool = True
    uses_linear: bool = True
    uses_quadratic: bool = True

    def parts(self, point: Point) -> dict[str, tuple[float, ...]]:
        """Return the inputs of the parts in use."""
        x, y = point
        every = {"bias": (1.0,), "linear": (x, y), "quadratic": (x * x, x * y, y * y)}
        return {name: every[name] for name in every if getattr(self, f"uses_{name}")}

    def chances(self, point: Point) -> list[float]:
        """Return the probability of each class."""
        scores = [0.0] * len(CLASSES)
        for name, inputs in self.parts(point).items():
            for place, weights in enumerate(self.weights[name]):
                scores[place] += sum(w * value for w, value in zip(weights, inputs, strict=True))
        highest = max(scores)
        powers = [math.exp(score - highest) for score in scores]
        return [power / sum(powers) for power in powers]

    def learn(self, point: Point, label: int) -> float:
        """Take one step of gradient descent; return the loss before it, in nat."""
        chances = self.chances(point)
        for name, inputs in self.parts(point).items():
            for place, weights in enumerate(self.weights[name]):
                error = chances[place] - (place == label)
                for at, value in enumerate(inputs):
                    weights[at] -= RATE * error * value
        return -math.log(chances[label])


def draw(chance: random.Random) -> tuple[Point, int]:
    """Return a point and its class: near the origin, on a ring around it, or far to the right."""
    label = chance.randrange(len(CLASSES))
    angle, radius = chance.uniform(0, 2 * math.pi), chance.gauss((0.5, 2.0, 0.6)[label], 0.3)
    shift = 2.5 if label == CLASSES.index("right") else 0.0
    return (shift + radius * math.cos(angle), radius * math.sin(angle)), label


def judge(model: Model, seed: int) -> dict[str, object]:
    """Return loss (nat), accuracy, and the accuracy of each class on one draw of points."""
    chance = random.Random(f"test {seed}")  # noqa: S311 - nothing is secret
    points = [draw(chance) for _ in range(TEST_POINTS)]
    found = [(label, model.chances(point)) for point, label in points]
    right = [(label, chances[label] == max(chances)) for label, chances in found]
    return {
        "loss": sum(-math.log(max(chances[label], 1e-300)) for label, chances in found)
        / len(found),
        "accuracy": sum(hit for _, hit in right) / len(right),
        "per_class": {
            name: sum(hit for label, hit in right if label == place)
            / max(1, sum(label == place for label, _ in right))
            for place, name in enumerate(CLASSES)
        },
    }


def main() -> None:
    """Train the model, and ask twice what each of its parts is worth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311 - nothing is secret
    model = Model()
    factors = {name: (model, f"uses_{name}", False) for name in model.weights}
    with labrec.run(
        project="live-parts", name="parts", features={"steps": STEPS, "rate": RATE}, seed=given.seed
    ) as run:
        for step in range(1, STEPS + 1):
            loss = model.learn(*draw(chance))
            if step % 20 == 0:
                run.log_metric("loss", loss, step, unit="nat", direction="minimize")
            if step in {STEPS // 2, STEPS}:
                run.counterfactual(
                    factors, lambda seed: judge(model, seed), at=step, seeds=range(1, 6), check=True
                )


if __name__ == "__main__":
    main()
