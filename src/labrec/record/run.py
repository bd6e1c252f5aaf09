"""The Research Record: the immutable document of one run."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from labrec.record.artifact import Artifacts
from labrec.record.base import (
    Frozen,
    missing,
    rules,
)
from labrec.record.capture import Capture
from labrec.record.code import Code
from labrec.record.command import Command
from labrec.record.counterfactuals import Counterfactuals
from labrec.record.dataset import Datasets
from labrec.record.determinism import Determinism
from labrec.record.environment import Environment
from labrec.record.features import Features
from labrec.record.hardware import Hardware
from labrec.record.identity import Identity
from labrec.record.lineage import Lineage
from labrec.record.metric import Metrics
from labrec.record.telemetry import Telemetry


class ResearchRecord(Frozen):
    """Research Record v1: what one run was, in sections; all but the identity may be missing."""

    model_config = rules(
        {
            "if": {"properties": {"identity": {"properties": {"status": {"const": "planned"}}}}},
            "then": {
                "properties": {
                    "command": missing("exit_code", "signal"),
                    "metrics": {"properties": {"values": {"maxProperties": 0}}},
                }
            },
        }
    )

    schema_: str = Field(
        alias="schema",
        pattern=r"^labrec\.run/1\.(0|[1-9][0-9]{0,8})$",
        description="Kind and version of the document.",
    )
    identity: Identity = Field(description="Which run it is, and how it ended.")
    lineage: Lineage | None = Field(default=None, description="How it relates to others.")
    command: Command | None = Field(default=None, description="What was started.")
    features: Features | None = Field(default=None, description="What was varied.")
    code: Code | None = Field(default=None, description="Which code ran.")
    environment: Environment | None = Field(default=None, description="The software it stood on.")
    determinism: Determinism | None = Field(default=None, description="What fixed chance.")
    hardware: Hardware | None = Field(default=None, description="The machine.")
    telemetry: Telemetry | None = Field(default=None, description="What the machine did.")
    metrics: Metrics | None = Field(default=None, description="The numbers it reported.")
    artifacts: Artifacts | None = Field(default=None, description="Files it produced or used.")
    datasets: Datasets | None = Field(default=None, description="Named data it used.")
    counterfactuals: Counterfactuals | None = Field(
        default=None, description="What was measured with parts of a live object switched off."
    )
    capture: Capture | None = Field(default=None, description="What is not in here as it was.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        own = self.identity.run_id
        lineage = self.lineage
        if lineage is not None:
            related = [lineage.reproduces, lineage.continues]
            if own in related or any(parent.run_id == own for parent in lineage.parents):
                raise ValueError("a run is no parent, original or predecessor of itself")
        if self.identity.status == "planned":
            ended = self.command and (self.command.exit_code, self.command.signal) != (None, None)
            if ended or (self.metrics is not None and self.metrics.values):
                raise ValueError("a planned run has no exit code, signal or metrics")
        return self
