from __future__ import annotations

import math

import pytest

from labrec.errors import InvalidError, UsageError
from labrec.sdk.inputs import assign, named_seeds, read_features, read_metrics, stamp
from labrec.sdk.start import program_name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("f.yaml", "lr: 1e-4\non: off\n"),
        ("f.json", '{"lr": 1e-4, "on": "off"}'),
        ("f.toml", 'lr = 1e-4\non = "off"\n'),
    ],
)
def test_features_are_read_by_suffix(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    found = read_features(path)
    assert found.tree == {"lr": 0.0001, "on": "off"}
    assert found.data == text.encode()


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("f.txt", "", UsageError),
        ("f.json", '{"a": 1, "a": 2}', InvalidError),
        ("f.json", "[1]", InvalidError),
        ("f.yaml", "a: 1\na: 2\n", InvalidError),
        ("f.yaml", "!!python/object/apply:os.system [x]", InvalidError),
        ("f.toml", "a = ", InvalidError),
    ],
)
def test_features_that_are_none_are_refused(tmp_path, name, text, error):
    """I8: an unknown tag is refused, never executed."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(error, match=name):  # several files may have a part in a command line
        read_features(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_features(tmp_path / "nothing.yaml")


def test_assignments_are_read_as_yaml():
    tree = {}
    assign(tree, ["a.b=1e-4", "a.c=on", "d=[1, x]", "e=", "f=a: b: c", "g=012", "h=true", "i=a=b"])
    assert tree == {
        "a": {"b": 0.0001, "c": "on"}, "d": [1, "x"], "e": None, "f": "a: b: c", "g": "012",
        "h": True, "i": "a=b",
    }  # fmt: skip
    with pytest.raises(UsageError):
        assign(tree, ["nothing"])


def test_seeds():
    assert named_seeds(["7", "data=-8"]) == {"seed": "7", "data": "-8"}
    for texts in (["x"], ["=1"], ["a="], ["1", "2"], ["1.5"]):
        with pytest.raises(UsageError):
            named_seeds(texts)


def test_metrics_are_flat_numbers(tmp_path):
    path = tmp_path / "r.json"
    before = stamp(path)
    path.write_text(
        '{"a": {"b": 1, "t": "x", "l": [1]}, "n": NaN, "big": 1' + "0" * 400 + ', "ok": true}'
    )
    found = read_metrics(path, before)
    assert found.values.keys() == {"a.b", "n", "big"}
    assert math.isnan(found.values["n"])
    assert found.values["big"] == math.inf
    assert sorted(found.ignored) == ["a.l", "a.t", "ok"]


@pytest.mark.parametrize("text", ["", "[]", "{", "3", "[" * 100_000])
def test_metrics_that_are_none_are_refused(tmp_path, text):
    path = tmp_path / "r.json"
    before = stamp(path)
    path.write_text(text)
    with pytest.raises(InvalidError):
        read_metrics(path, before)


def test_metrics_of_an_earlier_run_are_not_taken(tmp_path):
    path = tmp_path / "r.json"
    path.write_text('{"a": 1}')
    with pytest.raises(UsageError, match="not written by this run"):
        read_metrics(path, stamp(path))


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["python", "train.py", "x"], "train"),
        (["/usr/bin/python3", "-u", "-X", "dev", "src/a.b.py"], "a.b"),
        (["python", "-m", "pkg.train"], "pkg.train"),
        (["python", "-c", "pass"], "python"),
        (["./run.sh"], "run.sh"),
        (["a\nb\x1b"], "a b"),
        ([], "python"),
    ],
)
def test_a_run_is_called_like_its_program(argv, name):
    assert program_name(argv) == name
