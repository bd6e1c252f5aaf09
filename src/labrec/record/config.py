"""The configuration of a run, and its digest: runs that share it are replicates. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from labrec.record.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# An option whose last word is seed, as a flag or as an override: --seed, --data.random_seed,
# training.seed=3. PYTHONHASHSEED stands before a command that env(1) starts.
_SEED = re.compile(
    r"(?:--?)?(?:[A-Za-z0-9+]+[-_.])*(?:seeds?|pythonhashseed)", re.IGNORECASE | re.ASCII
)
_NEGATIVE = re.compile(r"-[0-9]+")


def config_digest(
    project: str,
    features: Any,
    nuisance: Iterable[str],
    code_digest: str | None,
    dataset_digests: Iterable[str],
    argv_without_seeds: Sequence[str],
) -> Digest:
    """Return the digest that names the experiment a run belongs to.

    Args:
        project: Valid project name.
        features: The full feature tree, tagged as `values.to_json` does.
        nuisance: Paths inside the features that do not make another experiment.
        code_digest: ``sha256:<64 hex>`` of the code section, or None without code.
        dataset_digests: ``sha256:<64 hex>`` each, in any order; repeats count once.
        argv_without_seeds: What `without_seeds` leaves of the command.

    Raises:
        InvalidError: The features are no JSON.
    """
    return Digest.of_value(
        {
            "project": project,
            "features": without_paths(features, nuisance),
            "code": code_digest,
            "datasets": sorted(set(dataset_digests)),
            "command": list(argv_without_seeds),
        }
    )


def without_seeds(argv: Sequence[str]) -> list[str]:
    """Return a command line without the options that set a seed, and without their values.

    ``--seed 3``, ``--seed=3``, ``--data.random-seed=3`` and ``training.seed=3`` are left out. The
    word after a seed option is its value unless it begins with ``-`` and is no number.
    """
    kept: list[str] = []
    waiting = False  # for the value of a seed option
    for word in argv:
        if waiting and (not word.startswith("-") or _NEGATIVE.fullmatch(word)):
            waiting = False
            continue
        name, equals, _ = word.partition("=")
        is_seed = _SEED.fullmatch(name) is not None and (bool(equals) or name.startswith("-"))
        waiting = is_seed and not equals
        if not is_seed:
            kept.append(word)
    return kept


def without_paths(tree: Any, nuisance: Iterable[str]) -> Any:
    r"""Return a tree without what lies at some paths; the tree itself is left as it is.

    Args:
        tree: A tagged tree.
        nuisance: Keys from the top, joined by dots (``optimizer.seed``); a dot or backslash inside
            a key is written ``\.`` or ``\\``. A path that is not there, or leads through an array,
            removes nothing.
    """
    for path in nuisance:
        tree = _without(tree, split_path(path))
    return tree


def split_path(path: str) -> list[str]:
    r"""Return the keys of a dotted path; ``\.`` and ``\\`` stand for a dot and a backslash."""
    return [re.sub(r"\\([.\\])", r"\1", key) for key in re.findall(r"(?:\\.|[^.])+", path)]


def join_path(keys: Iterable[str]) -> str:
    r"""Return keys as a dotted path, the inverse of `split_path`."""
    return ".".join(key.replace("\\", "\\\\").replace(".", "\\.") for key in keys)


def _without(tree: Any, keys: list[str]) -> Any:
    if not keys or not isinstance(tree, dict) or keys[0] not in tree:
        return tree
    if len(keys) == 1:
        return {key: value for key, value in tree.items() if key != keys[0]}
    return {**tree, keys[0]: _without(tree[keys[0]], keys[1:])}
