"""Environment and determinism: the same twice, and nothing that was not named."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import sys

import pytest

from labrec.capture.software import distributions as module
from labrec.capture.software.determinism import capture_determinism
from labrec.capture.software.distributions import distributions, names_only, normalised
from labrec.capture.software.environment import EnvironmentPolicy, capture_environment
from labrec.capture.software.interpreter import find_python
from labrec.errors import UsageError
from labrec.record.codec import decode
from labrec.record.digest import Digest

STANDARD = EnvironmentPolicy("standard")


def install(site, name, version, *, direct=None, metadata=True, kind="dist"):
    folder = site / f"{name.replace('-', '_')}-{version}.{kind}-info"
    folder.mkdir(parents=True)
    if metadata:
        file = "METADATA" if kind == "dist" else "PKG-INFO"
        (folder / file).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nx")
    if direct:
        (folder / "direct_url.json").write_text(json.dumps(direct))
    return folder


def document(captured):
    return decode(captured.objects[0].source, limit=None)


def test_two_looks_have_one_digest_and_one_object():
    first, second = capture_environment(STANDARD), capture_environment(STANDARD)
    assert first.section == second.section
    assert first.section["digest"] == str(Digest.of_value(document(first)))
    assert first.section["object"]["sha256"] == first.objects[0].sha256


def test_this_environment_agrees_with_importlib():
    found = {
        d["name"]: d["version"] for d in document(capture_environment(STANDARD))["distributions"]
    }
    theirs = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions()}
    assert {normalised(n): v for n, v in found.items()} == {
        normalised(n): v for n, v in theirs.items()
    }


def test_key_packages_are_the_same_at_both_levels():
    basic = capture_environment(EnvironmentPolicy("basic"))
    standard = capture_environment(STANDARD)
    assert basic.section["packages"] == standard.section["packages"]
    assert basic.section["packages"]["labrec"]
    assert "distributions" not in document(basic)
    assert basic.section["interpreter"] == {
        "implementation": "cpython",
        "version": ".".join(map(str, sys.version_info[:3])),
    }


def test_only_listed_variables_are_stored():
    environ = {"OMP_NUM_THREADS": "4", "AWS_SECRET_ACCESS_KEY": "x" * 40, "HOME": "/home/ada",
               "MY_FLAG": "on"}  # fmt: skip
    found = capture_environment(EnvironmentPolicy("basic", ("MY_FLAG",)), environ=environ)
    assert document(found)["variables"] == {"MY_FLAG": "on", "OMP_NUM_THREADS": "4"}


def test_no_local_path_or_credential_is_stored(tmp_path):
    site = tmp_path / "site-packages"
    install(site, "edited", "1.0", direct={
        "url": "file:///home/ada/secret-project", "dir_info": {"editable": True},
    })  # fmt: skip
    install(site, "from-git", "2.0", direct={
        "url": "https://user:hunter2@example.org/r.git?token=abc",
        "vcs_info": {"vcs": "git", "commit_id": "c" * 40},
    })  # fmt: skip
    install(site, "wheel", "3.0", direct={
        "url": "https://example.org/w.whl", "archive_info": {"hash": "sha256=" + "d" * 64},
    })  # fmt: skip
    install(site, "odd", "4.0", direct=[1])
    origins = {one.name: one.origin for one in distributions([str(site)])}
    assert origins == {
        "edited": {"url": "file:", "editable": True},
        "from-git": {"url": "https://example.org/r.git", "vcs": "git", "commit": "c" * 40},
        "wheel": {"url": "https://example.org/w.whl", "sha256": "d" * 64},
        "odd": {"unavailable": "in a form that is not understood"},
    }


def test_names_come_from_metadata_and_else_from_the_folder(tmp_path):
    site = tmp_path / "site-packages"
    install(site, "Zope.Interface", "5.0")
    install(site, "bare", "1.2", metadata=False)
    install(site, "old", "0.9", kind="egg")
    (site / "single-1.0.egg-info").write_text("Name: Single\nVersion: 1.0.1\n")
    (site / "numpy").mkdir()
    found = {one.name: one.version for one in distributions([str(site), str(tmp_path / "no")])}
    assert found == {"Zope.Interface": "5.0", "bare": "1.2", "old": "0.9", "Single": "1.0.1"}
    assert names_only([str(site)])["bare"] == "1.2"


def test_the_first_folder_wins(tmp_path):
    install(tmp_path / "a", "same", "1.0")
    install(tmp_path / "b", "Same", "2.0")
    assert [d.version for d in distributions([str(tmp_path / "a"), str(tmp_path / "b")])] == ["1.0"]


def age(folder):
    os.utime(folder, (1_700_000_000, 1_700_000_000))


def test_the_cache_serves_an_unchanged_folder_only(tmp_path, monkeypatch):
    site, cache = tmp_path / "site-packages", tmp_path / "cache"
    install(site, "one", "1.0")
    age(site)
    first = distributions([str(site)], cache)
    with monkeypatch.context() as patch:
        patch.setattr(module, "_read", lambda *_: pytest.fail("read again"))
        assert distributions([str(site)], cache) == first
    install(site, "two", "2.0")
    assert [d.name for d in distributions([str(site)], cache)] == ["one", "two"]


@pytest.mark.parametrize("level", ["basic", "standard"])
def test_what_is_installed_between_two_runs_of_a_process_is_seen(tmp_path, monkeypatch, level):
    from labrec.capture.software import environment
    from labrec.capture.software.interpreter import Python

    site, own = tmp_path / "site-packages", tmp_path / "own"
    own.mkdir()
    here = Python("cpython", "3.11.7", (str(own), str(site)), current=True)
    monkeypatch.setattr(environment, "this_python", lambda: here)
    policy = EnvironmentPolicy(level, cache=tmp_path / "cache")

    def numpy():
        (own / "output").touch()  # the program's own folder, which is always young
        return capture_environment(policy).section["packages"].get("numpy")

    install(site, "numpy", "1.0")
    age(site)
    assert (numpy(), numpy()) == ("1.0", "1.0")
    shutil.rmtree(site)
    install(site, "numpy", "2.0")
    assert numpy() == "2.0"
    os.utime(site, (1_700_000_001, 1_700_000_001))
    assert (numpy(), numpy()) == ("2.0", "2.0")
    install(own, "numpy", "3.0")
    assert numpy() == "3.0"


def test_nothing_is_read_twice_while_nothing_changes(tmp_path, monkeypatch):
    from labrec.capture.software import environment

    policy = EnvironmentPolicy("standard", cache=tmp_path / "cache")
    first = capture_environment(policy)
    monkeypatch.setattr(environment, "distributions", lambda *_: pytest.fail("read again"))
    second = capture_environment(policy)
    assert second == first
    assert second.objects[0] is first.objects[0]


def test_a_damaged_cache_is_harmless(tmp_path):
    site, cache = tmp_path / "site-packages", tmp_path / "cache"
    install(site, "one", "1.0")
    age(site)
    first = distributions([str(site)], cache)
    (file,) = cache.iterdir()
    good = file.read_bytes()
    for damaged in (b"", b"{}", good[:40], good.replace(b'"1.0"', b'"6.6"')):
        assert damaged != good
        file.write_bytes(damaged)
        assert distributions([str(site)], cache) == first


def test_a_young_folder_is_not_cached(tmp_path):
    install(tmp_path / "site-packages", "one", "1.0")
    distributions([str(tmp_path / "site-packages")], tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


# --- the interpreter of a command ---------------------------------------------------------------


def executable(path, text="\x7fELF"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def venv(tmp_path):
    """A virtual environment of another Python, whose programs would fail if they were run."""
    home = tmp_path / "opt"
    executable(home / "bin" / "python3.12")
    root = tmp_path / "venv"
    root.mkdir()
    (root / "pyvenv.cfg").write_text(
        f"home = {home}/bin\ninclude-system-site-packages = false\nversion = 3.12.4\n"
    )
    (root / "bin").mkdir()
    (root / "bin" / "python").symlink_to(home / "bin" / "python3.12")
    install(root / "lib" / "python3.12" / "site-packages", "torch", "2.4.0")
    return root


def test_the_packages_of_another_environment_are_listed(venv):
    found = capture_environment(STANDARD, [str(venv / "bin" / "python"), "train.py"])
    assert found.section["interpreter"] == {"implementation": "cpython", "version": "3.12.4"}
    assert found.section["packages"] == {"torch": "2.4.0"}
    assert found.events == []
    assert document(found)["blas"] == {"unavailable": "the command had not started"}


@pytest.mark.parametrize(
    "argv",
    [
        ["python", "x.py"],
        ["env", "-u", "A", "B=1", "python"],
        ["nice", "-n", "5", "nohup", "python"],
        ["./script"],
        ["tool"],
    ],
)
def test_the_interpreter_is_found_through_path_carriers_and_scripts(venv, tmp_path, argv):
    executable(tmp_path / "script", "#!/usr/bin/env python\nraise SystemExit\n")
    executable(venv / "bin" / "tool", f"#!{venv}/bin/python -u\n")
    environ = {"PATH": f"/nowhere:{venv}/bin:/usr/bin:/bin"}
    found = find_python(argv, str(tmp_path), environ)
    assert not isinstance(found, str), found
    assert found.version == "3.12.4"


def test_a_pyenv_shim_is_followed_without_running_it(tmp_path):
    root = tmp_path / "pyenv"
    executable(root / "shims" / "python", "#!/usr/bin/env bash\nexit 1\n")
    for version in ("3.11.9", "3.13.1"):
        prefix = root / "versions" / version
        series = version.rpartition(".")[0]
        executable(prefix / "bin" / "python")
        header = prefix / "include" / f"python{series}" / "patchlevel.h"
        header.parent.mkdir(parents=True)
        header.write_text(f'#define PY_VERSION      \t"{version}"\n')
        install(prefix / "lib" / f"python{series}" / "site-packages", "numpy", "1.0")
    (root / "version").write_text("3.13.1\n")
    environ = {"PATH": f"{root}/shims"}
    assert find_python(["python"], str(tmp_path), environ).version == "3.13.1"
    (tmp_path / ".python-version").write_text("3.11.9\n")
    assert find_python(["python"], str(tmp_path), environ).version == "3.11.9"
    environ["PYENV_VERSION"] = "3.13.1"
    assert find_python(["python"], str(tmp_path), environ).version == "3.13.1"


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["sh", "-c", "python x"], "not Python"),
        (["no-such-program"], "not found"),
        (["env"], "names no program"),
        (["./loop"], "without end"),
    ],
)
def test_a_command_without_python_says_so(tmp_path, argv, reason):
    executable(tmp_path / "loop", f"#!{tmp_path}/loop\n")
    found = capture_environment(STANDARD, argv, cwd=str(tmp_path))
    assert found.section["interpreter"] is None
    assert reason in found.events[0]["why"]
    assert reason in document(found)["distributions"]["unavailable"]


def test_this_interpreter_is_recognised():
    assert find_python([sys.executable, "x.py"], "/", {}).current


# --- determinism --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "text"),
    [(7, "7"), ("007", "7"), (-3, "-3"), ("+4", "4"), ("-0", "0"), (2**64, str(2**64)),
     ("9" * 5000, "9" * 5000)],
)  # fmt: skip
def test_seeds_are_decimal_texts(seed, text):
    assert capture_determinism({"seed": seed}, environ={})["seeds"] == {"seed": text}


def test_a_seed_too_long_for_str_is_kept():
    text = capture_determinism({"seed": 10**5000}, environ={})["seeds"]["seed"]
    assert re.fullmatch("10{5000}", text)


@pytest.mark.parametrize("seed", ["x", "", 1.5, True, "1e3", "٣", None])
def test_what_is_no_integer_is_refused(seed):
    with pytest.raises(UsageError, match="not an integer"):
        capture_determinism({"seed": seed}, environ={})


def test_flags_come_from_the_list_the_interpreter_and_the_caller():
    environ = {"PYTHONHASHSEED": "0", "SECRET": "x"}
    found = capture_determinism({}, flags={"torch.deterministic": "1"}, environ=environ)
    assert found["flags"] == {
        "PYTHONHASHSEED": "0",
        "torch.deterministic": "1",
        "sys.flags.hash_randomization": str(sys.flags.hash_randomization),
        "sys.flags.optimize": str(sys.flags.optimize),
    }
    assert "sys.flags.optimize" not in capture_determinism({}, environ={}, own=False)["flags"]
