"""Words for what records say of accelerators, whatever they say."""

from __future__ import annotations

import pytest

from labrec.record.wording import accelerators

H200 = {"name": "NVIDIA H200", "memory": 150_754_820_096, "driver": "580.159.04", "mig": False}


@pytest.mark.parametrize(
    ("gpus", "told"),
    [
        ([], "none"),
        ([H200], "NVIDIA H200, 150.8 GB, driver 580.159.04"),
        ([H200, {"name": "A", "mig": True}],
         "NVIDIA H200, 150.8 GB, driver 580.159.04; A, in MIG mode"),
        ([{"name": "B", "memory": "many", "driver": 5}], "B"),
        ([{"name": "B", "memory": True}], "B"),
        ([{"name": "B", "memory": -1}], "B"),
        ([{"memory": 1}], None),
        (["NVIDIA H200"], None),
        ("NVIDIA H200", None),
        (None, None),
    ],
)  # fmt: skip
def test_accelerators_in_words(gpus, told):
    assert accelerators(gpus) == told
