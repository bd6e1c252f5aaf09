"""Credentials leave command lines, URLs and trees by the names they go by."""

from __future__ import annotations

import base64
import hashlib

import pytest
from secret_samples import Maker, lookalikes, secrets

from labrec.capture.secrets import cleaning
from labrec.capture.secrets.cleaning import is_secret_name
from labrec.capture.secrets.guard import clean_argv, clean_tree, clean_url

M = "[redacted:secret-option]"
WORD = Maker(5).of("abcdefghjkmnp23456789", 14)


@pytest.mark.parametrize(
    ("argv", "cleaned"),
    [
        (["p", "--password", WORD, "x"], ["p", "--password", M, "x"]),
        (["p", f"--password={WORD}"], ["p", f"--password={M}"]),
        (["p", f"--db-password={WORD}"], ["p", f"--db-password={M}"]),
        (["p", "--hf_token", WORD], ["p", "--hf_token", M]),
        (["p", "--apiKey", WORD], ["p", "--apiKey", M]),
        (["p", "-api-key", WORD], ["p", "-api-key", M]),
        (["p", f"db.password={WORD}"], ["p", f"db.password={M}"]),
        (["p", f"+trainer.wandb.api_key={WORD}"], ["p", f"+trainer.wandb.api_key={M}"]),
        (["env", f"API_TOKEN={WORD}", "p"], ["env", f"API_TOKEN={M}", "p"]),
        ([f"SECRET={WORD}"], [f"SECRET={M}"]),
        (["sshpass", "-p", WORD, "ssh", "h"], ["sshpass", "-p", M, "ssh", "h"]),
        (["mysql", f"-p{WORD}", "db"], ["mysql", f"-p{M}", "db"]),
        (["mysql", "-p", "db"], ["mysql", "-p", "db"]),
        (["redis-cli", "-a", WORD], ["redis-cli", "-a", M]),
        (["curl", "-u", f"me:{WORD}", "h"], ["curl", "-u", f"me:{M}", "h"]),
        (["p", f"https://me:{WORD}@h/x"], ["p", "https://[redacted:url-password]@h/x"]),
        (["p", f"https://h/x?token={WORD}&a=1"], ["p", f"https://h/x?token={M}&a=1"]),
        (["p", "--token", "--verbose"], ["p", "--token", "--verbose"]),
    ],
)
def test_credentials_leave_the_command_line(argv: list[str], cleaned: list[str]):
    got, found = clean_argv(argv)
    if "url-password" in str(cleaned):
        assert WORD not in str(got)
    else:
        assert got == cleaned
    assert (argv != cleaned) == bool(found)
    assert clean_argv(got)[0] == got
    assert WORD not in repr(found)


@pytest.mark.parametrize(
    "argv",
    [
        ["python", "train.py", "--lr", "1e-4", "-p", "8080", "--seed=7"],
        ["p", "--max-tokens", "100", "--pad-token", "<pad>", "--eos_token=</s>"],
        ["p", "--tokenizer", "gpt2", "--keys", "a,b", "--key", "value", "--num-token=12"],
        ["p", "--token", "5", "--use-auth-token", "true", "--password=${PW}", "--secret", ""],
        ["p", "monkey=banana", "hotkey=x", "sort_key=name", "https://h/x?page=2#top"],
        ["docker", "run", "img"], ["p", "a b", "", "ü", "--", "-x"],
        ["git", "clone", "git@github.com:a/b.git", "ssh://git@h/a.git"],
    ],
)  # fmt: skip
def test_ordinary_arguments_stay(argv: list[str]):
    assert clean_argv(argv) == (argv, [])


@pytest.mark.parametrize(
    ("url", "cleaned"),
    [
        (f"https://me:{WORD}@github.com/a/b.git", "https://github.com/a/b.git"),
        (f"https://{WORD}@github.com/a/b.git", "https://github.com/a/b.git"),
        ("ssh://git@github.com/a/b.git", "ssh://git@github.com/a/b.git"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        (f"https://h/?a=1&sig={WORD}&b=2", f"https://h/?a=1&sig={M}&b=2"),
        (f"https://h/?X-Amz-Signature={WORD}", f"https://h/?X-Amz-Signature={M}"),
        (f"https://h/#access_token={WORD}", f"https://h/#access_token={M}"),
        (f"https://p@ss:{WORD}@h/x", "https://h/x"),
        ("https://h:8080/a@b?q=x:y@z", "https://h:8080/a@b?q=x:y@z"),
        ("/local/path/repo.git", "/local/path/repo.git"),
        ("", ""),
    ],
)
def test_credentials_leave_urls(url: str, cleaned: str):
    assert clean_url(url) == cleaned
    assert clean_url(cleaned) == cleaned


def test_credentials_leave_trees():
    secret = f"gh{'p'}_" + Maker(6).of("abcdefgh12345678ABCDEFGH", 36)
    tree = {
        "db": {"password": WORD, "host": "h", "port": 5},
        "hub": [{"hf_token": WORD}, f"use {secret}"],
        "url": f"https://me:{WORD}@h/x",
        "blob": {"$bytes": base64.b64encode(b"x " + secret.encode()).decode()},
        "tokenizer": "gpt2", "pad_token": "<pad>", "max_tokens": 5, "token": None, "lr": 1e-4,
    }  # fmt: skip
    before = repr(tree)
    clean, found = clean_tree(tree)
    assert repr(tree) == before
    assert WORD not in repr(clean)
    assert secret not in repr(clean)
    assert clean["db"] == {"password": M, "host": "h", "port": 5}
    assert {k: clean[k] for k in ("tokenizer", "pad_token", "max_tokens", "token", "lr")} == {
        k: tree[k] for k in ("tokenizer", "pad_token", "max_tokens", "token", "lr")
    }
    assert {f.where for f in found} == {
        "features.db.password", "features.hub[0].hf_token", "features.hub[1]", "features.url",
        "features.blob.$bytes",
    }  # fmt: skip
    assert clean_tree(clean) == (clean, [])


def test_a_secret_as_a_key_is_found_and_each_keeps_its_value():
    maker = Maker(7)
    first, second = (f"gh{'p'}_" + maker.of("abcdefgh12345678ABCDEFGH", 36) for _ in range(2))
    clean, found = clean_tree({first: 1, second: {"x": 2}})
    assert clean == {"[redacted:github-token]": 1, "[redacted:github-token] 2": {"x": 2}}
    assert len(found) == 2
    assert first not in repr(found)


def test_what_is_allowed_stays():
    allow = {hashlib.sha256(WORD.encode()).hexdigest()}
    assert clean_argv(["p", "--password", WORD], allow=allow) == (["p", "--password", WORD], [])
    assert clean_tree({"password": WORD}, allow=allow) == ({"password": WORD}, [])


@pytest.mark.parametrize(
    "name",
    ["max_new_token", "bos_token", "keyboard", "compass", "design", "tokens", "bypass", "author"],
)
def test_names_that_only_sound_secret(name: str):
    assert not is_secret_name(name)


def _each_alone(tree, monkeypatch):
    """Clean a tree as if its texts were never looked at together."""
    with monkeypatch.context() as patch:
        patch.setattr(cleaning, "_is_plain", lambda _: False)
        return clean_tree(tree)


def test_looking_at_all_texts_together_finds_what_looking_at_each_does(monkeypatch):
    around = ["", "a", "0", "SG.", "12345678:", "key=", "secret: '", "https://u:pass@h", "-----BEGIN ",
              "login x", "x" * 200, "\\", "é\n", "ya29.", "\0", *(text for text in lookalikes() if len(text) < 60)]  # fmt: skip
    found = 0
    for kind, context, secret in secrets(5):
        text = context.format(secret)
        for neighbour in around:
            for tree in ({"a": neighbour, "b": text, "c": neighbour}, {neighbour: [text]}):
                cleaned, hits = clean_tree(tree)
                assert (cleaned, hits) == _each_alone(tree, monkeypatch), (kind, tree)
                found += bool(hits)
    assert found > 500


def test_what_is_no_secret_is_handed_on_at_one_look(monkeypatch):
    def refuse(*_):
        raise AssertionError("looked at one by one")

    monkeypatch.setattr(cleaning, "_clean", refuse)
    tree = {"lr": 0.1, "names": ["a", "b" * 40], "hash": "0" * 64, "token": 5, "deep": {"x": None}}
    assert clean_tree(tree) == (tree, [])
