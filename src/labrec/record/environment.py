"""The environment section: the software a run stood on."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from labrec.record.base import DigestText, Frozen, ObjectRef, Section


class Interpreter(Frozen):
    """The interpreter of the program."""

    implementation: str = Field(description="Such as cpython.")
    version: str = Field(description="Such as 3.12.4.")


class OperatingSystem(Frozen):
    """The operating system."""

    system: str = Field(description="Kernel, such as Linux.")
    release: str = Field(description="Its release.")
    distribution: str | None = Field(default=None, description="Such as debian 12.")


class Environment(Section):
    """The software the run stood on; the object holds all of it."""

    level: Literal["basic", "standard"] = Field(description="How much was captured.")
    digest: DigestText | None = Field(default=None, description="Digest of the object's value.")
    object: ObjectRef = Field(description="The environment document.")
    interpreter: Interpreter | None = Field(default=None, description="Null where there is none.")
    os: OperatingSystem | None = Field(default=None, description="The operating system.")
    packages: dict[str, str] = Field(default={}, description="Versions of the key packages.")
