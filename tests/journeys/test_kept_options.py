"""A record says how to make its run again: also what was kept of what the program left."""

from __future__ import annotations


def test_the_options_that_say_what_is_kept_are_recorded(lab):
    (lab.folder / "t.py").write_text("open('m.json', 'w').write('{\"loss\": 1}')\n")
    lab.labrec(
        "run", "--project", "p", "--metrics", str(lab.folder / "m.json"), "--artifact", "*.json",
        "--", "python", "t.py",
    )  # fmt: skip
    command = lab.last()["command"]
    assert command["options"] == ["--metrics", "m.json", "--artifact", "*.json"]
    assert command["minor"] == 1
    lab.labrec("run", "--project", "p", "--", "python", "t.py")
    command = lab.last()["command"]
    assert (command["minor"], "options" in command) == (0, False)
