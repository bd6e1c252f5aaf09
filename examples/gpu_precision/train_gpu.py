"""Train a byte-level Transformer on a GPU in one format of numbers, and judge it in float32.

    labrec run --features features/3_from_1_bfloat16.json --seed 1 -- \
        python train_gpu.py features/3_from_1_bfloat16.json --seed 1

The program joins the run that wraps it. Only the products of matrices while it learns are made in
the format that ``precision`` names: weights, optimizer and the judgement stay float32, so that what
differs in ``bits_per_byte`` is what the format did to learning.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import corpus
import pynvml
import torch
from torch import nn
from torch.nn import functional

import labrec

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

CONTEXT = 256  # bytes that a prediction can see
BATCH = 64  # texts of that length in one step
HEAD = 64  # width of one attention head
WARM_UP = 30  # steps in which the rate grows
UNTIMED = 20  # first steps, in which kernels are chosen and memory is taken
LOG_EVERY = 25
BITS = 1 / math.log(2)  # of a nat

AUTOCAST = {"bfloat16": torch.bfloat16, "float16": torch.float16}


class Block(nn.Module):
    """Attention to what stands before, then a layer of four times the width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = width // HEAD
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.project, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map ``(texts, places, width)`` to the same shape."""
        texts, places, width = x.shape
        split = self.project(self.before(x)).view(texts, places, 3, self.heads, HEAD)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.merge(seen.transpose(1, 2).reshape(texts, places, width))
        return x + self.narrow(functional.gelu(self.widen(self.between(x))))


class Model(nn.Module):
    """A byte-level Transformer decoder (Vaswani et al. 2017, with pre-normalisation)."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.byte, self.place = nn.Embedding(256, width), nn.Embedding(CONTEXT, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(layers))
        self.last, self.guess = nn.LayerNorm(width), nn.Linear(width, 256)

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        """Return the logits of each next byte, ``(texts, places, 256)``."""
        x = self.byte(text) + self.place.weight[: text.shape[1]]
        for block in self.blocks:
            x = block(x)
        guess: torch.Tensor = self.guess(self.last(x))
        return guess


def loss_of(model: nn.Module, windows: torch.Tensor) -> torch.Tensor:
    """Return the mean loss of the next bytes, in nats a byte."""
    logits = model(windows[:, :-1])
    return functional.cross_entropy(logits.flatten(0, 1).float(), windows[:, 1:].flatten())


def rate_at(step: int, steps: int, rate: float) -> float:
    """Return the learning rate of a step: it grows, stays, and falls over the second half."""
    return rate * min(1.0, (step + 1) / WARM_UP) * min(1.0, 2 * (1 - step / steps))


def judge(model: nn.Module, text: torch.Tensor) -> float:
    """Return the bits that the model needs for a byte of a text it has not seen."""
    whole = text[: len(text) // (CONTEXT + 1) * (CONTEXT + 1)].view(-1, CONTEXT + 1)
    with torch.no_grad():
        losses = [loss_of(model, part).item() * len(part) for part in whole.split(BATCH)]
    return float(sum(losses) / len(whole) * BITS)


class Meter:
    """Time and energy of the GPU since it was made, by the counter of its driver."""

    def __init__(self, device: torch.device) -> None:
        pynvml.nvmlInit()
        torch.cuda.synchronize(device)
        self._card = pynvml.nvmlDeviceGetHandleByIndex(0)
        self._energy = pynvml.nvmlDeviceGetTotalEnergyConsumption(self._card)
        self._started = time.perf_counter()

    def read(self) -> tuple[float, float]:
        """Return seconds and joules."""
        torch.cuda.synchronize()
        spent = time.perf_counter() - self._started
        used = pynvml.nvmlDeviceGetTotalEnergyConsumption(self._card) - self._energy
        return spent, used / 1000


def learn(
    run: labrec.Run, model: nn.Module, text: torch.Tensor, given: dict[str, Any], seed: int
) -> None:
    """Train a model in place, and log its loss, its speed and its energy."""
    form, steps = given["precision"], given["steps"]
    draw = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=given["rate"], weight_decay=0.1)
    scaler = torch.amp.GradScaler(enabled=form == "float16")
    reach = torch.arange(CONTEXT + 1, device=text.device)
    for step in range(steps):
        if step == UNTIMED:
            meter = Meter(text.device)
        starts = torch.randint(len(text) - CONTEXT, (BATCH, 1), generator=draw).to(text.device)
        with autocast(form):
            loss = loss_of(model, text[starts + reach])
        optimizer.param_groups[0]["lr"] = rate_at(step, steps, given["rate"])
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        if step % LOG_EVERY == 0 or step == steps - 1:
            value = loss.item() * BITS
            run.log_metric("train_loss", value, step, unit="bit/byte", direction="minimize")
    seconds, joules = meter.read()
    read = (steps - UNTIMED) * BATCH * CONTEXT
    run.log_metric("bytes_per_second", read / seconds, unit="B/s", direction="maximize")
    run.log_metric("energy", joules / read * 1e6, unit="J/MB", direction="minimize")


def autocast(form: str) -> AbstractContextManager[object]:
    """Return what makes products of matrices in a format, around one step."""
    kind = AUTOCAST.get(form)
    return nullcontext() if kind is None else torch.autocast("cuda", dtype=kind)


def main() -> None:
    """Read the features, train, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("features", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    asked = parser.parse_args()
    given = json.loads(asked.features.read_text())
    device = torch.device("cuda")
    with labrec.run() as run:
        text = corpus.read()
        run.log_dataset(corpus.NAME, version=text.version, digest=text.digest)
        learnt, held_out = (
            torch.tensor(part, dtype=torch.long, device=device)
            for part in (text.training, text.held_out)
        )
        torch.manual_seed(asked.seed)
        model = Model(given["model"]["width"], given["model"]["layers"]).to(device)
        torch.set_float32_matmul_precision("high" if given["precision"] == "tf32" else "highest")
        learn(run, model, learnt, given, asked.seed)
        torch.set_float32_matmul_precision("highest")
        value = judge(model, held_out)
        run.log_metric("bits_per_byte", value, unit="bit/byte", direction="minimize")
        parameters = sum(weights.numel() for weights in model.parameters())
        run.log_metric("parameters", parameters, unit="1", direction="minimize")


if __name__ == "__main__":
    main()
