"""Accepted and refused documents: one mutation per rule, each labelled with who refuses it.

The bases are the golden files. Standard library only, so that a reader in another language can
translate it. ``refused_by`` is

* None: every reader accepts it;
* ``codec``: the bytes are no strict JSON;
* ``schema``: the published JSON Schema refuses it, and so do the models;
* ``beyond``: a rule that JSON Schema cannot express (``docs/format.md``, "Beyond the schemas");
* ``path``: the document is well-formed and does not belong where it lies.
"""

from __future__ import annotations

import copy
import hashlib
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

GOLDEN = Path(__file__).parent / "golden"
MISSING = object()
NOW = "0191b2c3-d4e5-7f60-8a7b-8c9dae0f1a2b"


class Example(NamedTuple):
    name: str
    path: str
    data: bytes
    refused_by: str | None

    @property
    def kind(self) -> str:
        folder = self.path.split("/")[2]
        return "registration" if folder == "hypotheses" else folder[:-1]


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_bytes())


def path_of(document: dict[str, Any], data: bytes) -> str:
    """Where the bytes lie, by the ids that the document has (of the golden file, when mutated)."""
    short = hashlib.sha256(data).hexdigest()[:32]
    if "samples" in document:
        own = f"{document['name']}/{document['version']}"
        return f"records/{document['project']}/datasets/{own}.{short}.json"
    if "article" in document or "markdown" in document:
        own = f"{document['slug']}/{document['version']}"
        return f"records/{document['project']}/reports/{own}.{short}.json"
    if "slug" in document:
        folder = "metrics" if "aggregation" in document or "source" in document else "hypotheses"
        return f"records/{document['project']}/{folder}/{document['slug']}/{short}.json"
    own = document.get("identity", document)
    folder, own_id = ("runs", own["run_id"]) if "run_id" in own else ("notes", own["note_id"])
    day = time.strftime("%Y/%m/%d", time.gmtime(int(own_id.replace("-", "")[:12], 16) // 1000))
    name = f"{own_id[-1]}/{own_id}.{short}.json"
    return f"records/{own['project']}/{folder}/{day}/{name}"


def write(document: Any) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def changed(base: Any, pointer: str, value: Any) -> Any:
    """A copy of a document in which one place holds another value, or nothing."""
    document = copy.deepcopy(base)
    *way, last = pointer.split("/")
    place = document
    for part in way:
        place = place[int(part)] if isinstance(place, list) else place[part]
    if isinstance(place, list):
        place[int(last)] = value
    elif value is MISSING:
        del place[last]
    else:
        place[last] = value
    return document


def feature_tree(tree: Any, digest: str | None = None) -> dict[str, Any]:
    """A features section; the digest is right only for trees that need no RFC 8785 numbers."""
    text = json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    found = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    return {"minor": 0, "tree": tree, "digest": digest or found}


DG = "sha256:" + "0123456789abcdef" * 4
TOO_MANY = list(range(70))

# (place, value, who refuses); the name of an example is made from place and value.
RUN: list[tuple[str, Any, str | None]] = [
    # the frame
    ("schema", MISSING, "schema"),
    ("schema", "labrec.run/1", "schema"),
    ("schema", "labrec.run/1.00", "schema"),
    ("schema", "labrec.run/1.0\n", "schema"),
    ("schema", "labrec.run/2.0", "schema"),
    ("schema", "labrec.run/0.9", "schema"),
    ("schema", "labrec.note/1.0", "schema"),
    ("schema", 1, "schema"),
    ("schema", "labrec.run/1.12", None),
    ("identity", MISSING, "schema"),
    ("identity", [], "schema"),
    ("unknown_section", {"minor": 4, "anything": [1, None]}, None),
    ("unknown_field", "kept", None),
    # identity
    ("identity/minor", MISSING, "schema"),
    ("identity/minor", -1, "schema"),
    ("identity/minor", 0.5, "schema"),
    ("identity/minor", True, "schema"),
    ("identity/minor", "0", "schema"),
    ("identity/minor", 9, None),
    ("identity/minor", 1.0, None),
    ("identity/unknown", {"kept": True}, None),
    ("identity/run_id", MISSING, "schema"),
    ("identity/run_id", NOW.upper(), "schema"),
    ("identity/run_id", NOW.replace("-", ""), "schema"),
    ("identity/run_id", NOW[:14] + "4" + NOW[15:], "schema"),
    ("identity/run_id", NOW[:19] + "c" + NOW[20:], "schema"),
    ("identity/run_id", NOW + "\n", "schema"),
    ("identity/run_id", "ffffffff-ffff-7fff-8fff-ffffffffffff", "beyond"),
    ("identity/project", MISSING, "schema"),
    ("identity/project", "objects", "schema"),
    ("identity/project", "lfs", "schema"),
    ("identity/project", "schemas", "schema"),
    ("identity/project", "Upper", "schema"),
    ("identity/project", "", "schema"),
    ("identity/project", "a" * 65, "schema"),
    ("identity/project", "../etc", "schema"),
    ("identity/project", "con", "schema"),
    ("identity/project", "com1.x", "schema"),
    ("identity/project", "dot.", "schema"),
    ("identity/project", "naïve", "schema"),
    ("identity/name", MISSING, "schema"),
    ("identity/name", "", "schema"),
    ("identity/name", "m" * 201, "schema"),
    ("identity/name", "n" * 200, None),
    ("identity/name", "two\nlines", "schema"),
    ("identity/name", "bell\x07", "schema"),
    ("identity/name", "c1\x9b", "schema"),
    ("identity/name", "line\u2028separator", "schema"),
    ("identity/name", "ends in newline\n", "schema"),
    ("identity/config_digest", "sha256:" + "A" * 64, "schema"),
    ("identity/config_digest", "0" * 64, "schema"),
    ("identity/config_digest", "sha512:" + "0" * 128, "schema"),
    ("identity/config_digest", "sha256:" + "0" * 63, "schema"),
    ("identity/config_digest", None, "schema"),
    ("identity/status", "done", "schema"),
    ("identity/status", None, "schema"),
    ("identity/reason", 3, "schema"),
    ("identity/tags", "word", "schema"),
    ("identity/tags", ["a\nb"], "schema"),
    ("identity/tags", [], None),
    ("identity/author", {"name": "x"}, "schema"),
    ("identity/author", {"name": "x", "source": "guess"}, "schema"),
    ("identity/author", {"name": "", "source": "git"}, "schema"),
    ("identity/author", None, None),
    ("identity/definition", {"sha256": "0" * 64}, "schema"),
    ("identity/definition", {"sha256": "0" * 64, "size": 12}, None),
    ("identity/definition", None, None),
    ("identity/origin", {"source": "results.csv", "key": "7"}, None),
    ("identity/origin", {"source": "results.csv", "key": "7", "order": 0}, None),
    ("identity/origin", {"source": "results.csv", "key": "7", "order": None, "more": 1}, None),
    ("identity/origin", None, None),
    ("identity/origin", "results.csv", "schema"),
    ("identity/origin", {"source": "results.csv"}, "schema"),
    ("identity/origin", {"key": "7"}, "schema"),
    ("identity/origin", {"source": "", "key": "7"}, "schema"),
    ("identity/origin", {"source": "results.csv", "key": "7\n8"}, "schema"),
    ("identity/origin", {"source": "results.csv", "key": 7}, "schema"),
    ("identity/origin", {"source": "results.csv", "key": "7", "order": -1}, "schema"),
    ("identity/origin", {"source": "results.csv", "key": "7", "order": 0.5}, "schema"),
    ("identity/times/started", "2026-01-02 03:04:05Z", "schema"),
    ("identity/times/started", "2026-01-02T03:04:05+00:00", "schema"),
    ("identity/times/started", "2026-01-02T03:04:05", "schema"),
    ("identity/times/started", "2026-02-30T03:04:05Z", "beyond"),
    ("identity/times/started", "0000-01-02T03:04:05Z", "beyond"),
    ("identity/times/started", "2026-01-02T03:04:60Z", "schema"),
    ("identity/times/started", "2026-01-02T24:00:00Z", "schema"),
    ("identity/times/started", "2026-01-02T03:04:05.123456789Z", None),
    ("identity/times/duration_s", -0.001, "schema"),
    ("identity/times/duration_s", "1", "schema"),
    ("identity/times/duration_s", True, "schema"),
    ("identity/times/duration_s", 7, None),
    ("identity/tool", MISSING, "schema"),
    ("identity/tool", {"name": "labrec"}, "schema"),
    ("identity/fulfils", "planned", "schema"),
    # lineage
    ("lineage/parents/0/by", "guess", "schema"),
    ("lineage/parents/0/by", MISSING, "schema"),
    ("lineage/parents/1/name", None, "schema"),
    ("lineage/parents/0", {"by": "name"}, "schema"),
    ("lineage/parents", {}, "schema"),
    ("lineage/reproduces", "x", "schema"),
    ("lineage/hypotheses/0/linked", "before", "schema"),
    ("lineage/hypotheses/0/slug", "../x", "schema"),
    ("lineage/hypotheses/0/registration", None, "schema"),
    ("lineage/hypotheses/0/published", "main", "schema"),
    ("lineage/hypotheses/0/published", "0" * 40, None),
    ("lineage/hypotheses/0/published", None, None),
    ("lineage/intent", ["words"], "schema"),
    ("lineage/kin", "kept", None),
    # command
    ("command/argv", ["ok", None], "schema"),
    ("command/argv", "python", "schema"),
    ("command/options", ["--metrics", "m.json"], None),
    ("command/options", "--metrics", "schema"),
    ("command/options", [1], "schema"),
    ("command/cwd", "/root", "schema"),
    ("command/cwd", "a//b", "schema"),
    ("command/cwd", "..", "schema"),
    ("command/cwd", ".", None),
    ("command/cwd", None, None),
    ("command/exit_code", 1.5, "schema"),
    ("command/signal", "SIGTERM", "schema"),  # beside an exit code
    # features
    ("features", feature_tree({"a": "b"}, DG), "beyond"),
    ("features", feature_tree({"a": "b"}), None),
    ("features", feature_tree([]), "schema"),
    ("features", feature_tree({"$unknown": "x"}), "schema"),
    ("features", feature_tree({"a": [{"$int": "5"}]}), "schema"),
    ("features", feature_tree({"a": {"$int": "9007199254740991"}}), "beyond"),
    ("features", feature_tree({"a": {"$int": "9007199254740992"}}), None),
    ("features", feature_tree({"a": {"$int": "-9007199254740992"}}), None),
    ("features", feature_tree({"a": {"$int": "9" * 4000}}), None),
    ("features", feature_tree({"a": {"$int": "8" * 4001}}), "schema"),
    ("features", feature_tree({"a": {"$int": "+99999999999999999"}}), "schema"),
    ("features", feature_tree({"a": {"$int": "099999999999999999"}}), "schema"),
    ("features", feature_tree({"a": {"$int": 99999999}}), "schema"),
    ("features", feature_tree({"a": {"$int": "99999999999999999", "b": 1}}), "schema"),
    ("features", feature_tree({"a": {"$float": "nan"}}), "schema"),
    ("features", feature_tree({"a": {"$float": "NaN"}}), None),
    ("features", feature_tree({"a": {"$float": "-Infinity"}}), None),
    ("features", feature_tree({"a": {"$date": "2026-1-2"}}), "schema"),
    ("features", feature_tree({"a": {"$date": "2026-13-01"}}), "beyond"),
    ("features", feature_tree({"a": {"$date": "2026-01-01T24:00:00Z"}}), "schema"),
    ("features", feature_tree({"a": {"$date": "2026-01-01T12:00:00.5Z"}}), "schema"),
    ("features", feature_tree({"a": {"$date": "2026-01-01T12:00:00+24:00"}}), "schema"),
    ("features", feature_tree({"a": {"$date": "0000-01-01"}}), "beyond"),
    ("features", feature_tree({"a": {"$date": "2026-01-01T12:00:00+05:30"}}), None),
    ("features", feature_tree({"a": {"$bytes": "a"}}), "schema"),
    ("features", feature_tree({"a": {"$bytes": "YQ"}}), "schema"),
    ("features", feature_tree({"a": {"$bytes": "YR=="}}), "beyond"),
    ("features", feature_tree({"a": {"$bytes": "YQ=="}}), None),
    ("features", feature_tree({"a": {"$bytes": ""}}), None),
    ("features", feature_tree({"a": {"$repr": "<x>"}}), "schema"),
    ("features", feature_tree({"a": {"$repr": "<x>", "type": 1}}), "schema"),
    ("features", feature_tree({"a": {"$repr": "<x>", "type": "m.X"}}), None),
    ("features", feature_tree({"$$a": 1, "$$$b": 2, "": 3, "$$": 4}), None),
    ("features", feature_tree({"$": 1}), "schema"),
    ("features", feature_tree({"$float": "NaN"}), "schema"),  # a tree is no tag itself
    ("features/tree", MISSING, "schema"),
    ("features/digest", MISSING, "schema"),
    ("features/source/path", "../secret", "schema"),
    ("features/source/sha256", DG, "schema"),
    ("features/source/size", -1, "schema"),
    ("features/nuisance", [1], "schema"),
    ("features/diff/0/op", "move", "schema"),
    ("features/diff/0/path", "optimizer.lr", "schema"),
    ("features/diff/0/new", {"$huge": "1"}, "schema"),
    # code
    ("code/kind", "zip", "schema"),
    ("code/kind", "none", "schema"),  # without a reason
    ("code/digest", None, "schema"),
    ("code/manifest", None, "schema"),
    ("code/manifest/sha256", "0" * 63, "schema"),
    ("code/manifest/size", 2**53 - 1, None),
    ("code/commit", "HEAD", "schema"),
    ("code/dirty", "yes", "schema"),
    ("code/remote", "https://x\ny", "schema"),
    # environment, determinism
    ("environment/level", "full", "schema"),
    ("environment/object", MISSING, "schema"),
    ("environment/object", None, "schema"),
    ("environment/packages", {"numpy": 2}, "schema"),
    ("environment/os", {"system": "Linux"}, "schema"),
    ("determinism/seeds", {"python": 7}, "schema"),
    ("determinism/seeds", {"python": "7.0"}, "schema"),
    ("determinism/seeds", {"python": "-0"}, "schema"),
    ("determinism/seeds", {"python": "007"}, "schema"),
    ("determinism/seeds", {"python": "-7", "$x": "0"}, None),
    ("determinism/flags", {"x": None}, "schema"),
    # hardware, telemetry
    ("hardware/machine_id", "0" * 19, "schema"),
    ("hardware/machine_id", None, "schema"),
    ("hardware/machine_id_source", "mac", "schema"),
    ("hardware/machine_id_source", "unavailable", "schema"),
    ("hardware/hardware_id", MISSING, "schema"),
    ("hardware/fields/gpus", {}, "schema"),
    ("hardware/fields/gpus", {"value": 1, "unavailable": "both"}, "schema"),
    ("hardware/fields/gpus", {"value": {"$tag": 1}}, "schema"),
    ("hardware/fields/gpus", {"value": None}, None),
    ("hardware/conditions", [], "schema"),
    ("telemetry/channels/gpu.power", {}, "schema"),
    ("telemetry/channels/gpu.power", {"count": 1, "unavailable": "both"}, "schema"),
    ("telemetry/channels/cpu.percent/coverage", 1.01, "schema"),
    ("telemetry/channels/cpu.percent/interval_s", -1, "schema"),
    ("telemetry/channels/cpu.percent/max", {"$float": "Infinity"}, None),
    ("telemetry/channels/cpu.percent/max", {"$int": "99999999999999999"}, "schema"),
    ("telemetry/overhead/samples", -1, "schema"),
    # metrics
    ("metrics/values/loss/last", None, "schema"),
    ("metrics/values/loss/last", "2.5", "schema"),
    ("metrics/values/loss/last", True, "schema"),
    ("metrics/values/loss/last", {"$float": "inf"}, "schema"),
    ("metrics/values/loss/last", {"$float": "NaN", "x": 1}, "schema"),
    ("metrics/values/loss/last", 2, None),
    ("metrics/values/loss/count", 0, "schema"),
    ("metrics/values/loss/direction", "up", "schema"),
    ("metrics/values/loss/mean", MISSING, "schema"),
    ("metrics/values/loss/unit", None, None),
    ("metrics/values/loss/definition", "v2", "schema"),
    ("metrics/values/loss/definition", DG, None),
    ("metrics/values/loss/definition", None, None),
    ("metrics/series", {"sha256": "0" * 64}, "schema"),
    # artifacts, datasets, capture
    ("artifacts/items/0/name", "", "schema"),
    ("artifacts/items/0/name", "/etc/passwd", "schema"),
    ("artifacts/items/0/name", "a/../b", "schema"),
    ("artifacts/items/0/name", "./a", "schema"),
    ("artifacts/items/0/name", "a/", "schema"),
    ("artifacts/items/0/name", "a\\b", "schema"),
    ("artifacts/items/0/name", "C:x", "schema"),
    ("artifacts/items/0/name", "a\x01", "schema"),
    ("artifacts/items/0/name", "a%2", "schema"),
    ("artifacts/items/0/name", "a%2f", "schema"),
    ("artifacts/items/0/name", "a" * 4097, "schema"),
    ("artifacts/items/0/name", "a%2Fb", "beyond"),
    ("artifacts/items/0/name", "%2E%2E/b", "beyond"),
    ("artifacts/items/0/name", "%41", "beyond"),
    ("artifacts/items/0/name", "aux.txt", "beyond"),
    ("artifacts/items/0/name", "x/NUL", "beyond"),
    ("artifacts/items/0/name", ".git/config", "beyond"),
    ("artifacts/items/0/name", ".GIT/config", "beyond"),
    ("artifacts/items/0/name", "e\u0301", "beyond"),
    ("artifacts/items/0/name", "a\u202eb", "beyond"),
    ("artifacts/items/0/name", "a%00b", "beyond"),
    ("artifacts/items/0/name", "%FF%FE", None),
    ("artifacts/items/0/name", "%2Egit/config", None),
    ("artifacts/items/0/name", "..a", None),
    ("artifacts/items/0/name", "plots/loss.svg", "beyond"),  # the name of the other one
    ("artifacts/items/0/role", "virus", "schema"),
    ("artifacts/items/0/where", "s3", "schema"),
    ("artifacts/items/0/sha256", MISSING, "schema"),
    ("artifacts/items/0/size", 2**53, "codec"),
    ("artifacts/items/0/media_type", "text/plain\r\n", "schema"),
    ("datasets/items/0/digest", "md5:0", "schema"),
    ("datasets/items/0/name", "", "schema"),
    ("capture/events/0/kind", "forgotten", "schema"),
    ("capture/events/0/count", 0, "schema"),
    ("capture/events/0/why", MISSING, "schema"),
]  # fmt: skip

COUNTERFACTUALS: list[tuple[str, Any, str | None]] = [
    ("counterfactuals/minor", MISSING, "schema"),
    ("counterfactuals/minor", 3, None),
    ("counterfactuals/unknown", {"kept": 1}, None),
    ("counterfactuals/calls", {}, "schema"),
    ("counterfactuals/calls", [], None),
    ("counterfactuals/object", {"sha256": "0" * 64}, "schema"),
    ("counterfactuals/object", {"sha256": "0" * 64, "size": 1}, None),
    ("counterfactuals/calls/0/step", 1.5, "schema"),
    ("counterfactuals/calls/0/step", -1, None),
    ("counterfactuals/calls/0/at", "two\nlines", "schema"),
    ("counterfactuals/calls/0/method", "guess", "schema"),
    ("counterfactuals/calls/0/method", MISSING, "schema"),
    ("counterfactuals/calls/0/budget", 0, "schema"),
    ("counterfactuals/calls/0/complete", None, "schema"),
    ("counterfactuals/calls/0/complete", "yes", "schema"),
    ("counterfactuals/calls/0/restored", "mostly", "schema"),
    ("counterfactuals/calls/0/restored", None, None),
    ("counterfactuals/calls/0/factors", [], "schema"),
    ("counterfactuals/calls/0/factors", MISSING, "schema"),
    ("counterfactuals/calls/0/factors/0/name", "", "schema"),
    ("counterfactuals/calls/0/factors/0/name", "норма", "beyond"),
    ("counterfactuals/calls/0/factors/0/kind", "code", "schema"),
    ("counterfactuals/calls/0/factors/0/where", 3, "schema"),
    ("counterfactuals/calls/0/factors/0/off", {"$tag": 1}, "schema"),
    ("counterfactuals/calls/0/factors/0/off", {"$float": "NaN"}, None),
    ("counterfactuals/calls/0/cells/0/on", "1", "beyond"),
    ("counterfactuals/calls/0/cells/0/on", "12", "schema"),
    ("counterfactuals/calls/0/cells/0/on", "", "schema"),
    ("counterfactuals/calls/0/cells/0/on", ["dropout"], "schema"),
    ("counterfactuals/calls/0/cells/0/on", MISSING, "schema"),
    ("counterfactuals/calls/0/cells/0/replicate", -1, "schema"),
    ("counterfactuals/calls/0/cells/0/replicate", MISSING, "schema"),
    ("counterfactuals/calls/0/cells/0/seed", 7, "schema"),
    ("counterfactuals/calls/0/cells/0/seed", "07", "schema"),
    ("counterfactuals/calls/0/cells/0/values", {"loss": None}, "schema"),
    ("counterfactuals/calls/0/cells/0/values", {"loss": "0.5"}, "schema"),
    ("counterfactuals/calls/0/cells/0/values", {}, None),
    ("counterfactuals/calls/0/cells/0/failed", "and has values", "schema"),
    ("counterfactuals/calls/0/cells/0/duration_s", -1, "schema"),
    ("counterfactuals/calls/1/orders", [0, 1], "schema"),
    ("counterfactuals/calls/1/orders", [[0]], "beyond"),
    ("counterfactuals/calls/1/orders", [[0, 0]], "beyond"),
    ("counterfactuals/calls/1/orders", [[0, -1]], "schema"),
    ("counterfactuals/calls/1/orders", [[1.0, 0]], None),
]

NOTE: list[tuple[str, str, Any, str | None]] = [
    ("comment", "note_id", MISSING, "schema"),
    ("comment", "kind", "shout", "schema"),
    ("comment", "kind", MISSING, "schema"),
    ("comment", "author", None, "schema"),
    ("comment", "time", "yesterday", "schema"),
    ("comment", "reason", MISSING, "schema"),
    ("comment", "reason", "", None),
    ("comment", "subject", MISSING, "schema"),
    ("comment", "subject/kind", "person", "schema"),
    ("comment", "subject/id", "x", "schema"),
    ("comment", "subject/digest", None, "schema"),
    ("comment", "after", MISSING, "schema"),
    ("comment", "after", ["x"], "schema"),
    ("comment", "after", [DG, DG], "schema"),
    ("comment", "after", [DG], None),
    ("comment", "body", MISSING, "schema"),
    ("comment", "body", None, "schema"),
    ("comment", "body", {}, "schema"),
    ("comment", "body/text", "", "schema"),
    ("comment", "body/unknown", "kept", None),
    ("comment", "schema", "labrec.note/3.1", "schema"),
    ("decide", "subject/digest", DG, "schema"),  # an experiment has no bytes
    ("decide", "subject/id", "x", "schema"),
    ("decide", "body", {"decision": ""}, "schema"),
    ("verdict", "subject/id", "Upper", "schema"),
    ("verdict", "body/decision", "proven", "schema"),
    ("verdict", "body/confirmatory", 1, "schema"),
    ("redact", "subject/id", DG, "beyond"),  # not the digest beside it
    ("redact", "body/objects", [], "schema"),
    ("redact", "reason", " ", "schema"),
    ("retract", "reason", "", "schema"),
    ("reparent", "reason", "", "schema"),
    ("reparent", "body/parents", [], None),
    ("reparent", "body/parents", [{"by": "name"}], "schema"),
    ("reparent", "body/parents", MISSING, "schema"),
    ("link", "body/to", "page", "schema"),
    ("link", "body/digest", None, "schema"),
    ("link", "body/target", "Not A Slug", "schema"),
    ("link", "body", {"to": "publication", "target": "javascript:alert(1)"}, "schema"),
    ("link", "body", {"to": "publication", "target": "doi:10.1/x"}, None),
    ("link", "body", {"to": "publication", "target": "https://example.org/paper"}, None),
    ("link", "body", {"to": "dataset", "target": "corpus"}, "schema"),
    ("unlink", "body/target", "x", "schema"),
    ("unlink", "reason", "", "schema"),
    ("tag", "body", {}, "schema"),
    ("tag", "body", {"add": [], "remove": []}, "schema"),
    ("tag", "body", {"add": ["a"], "remove": ["a"]}, "beyond"),
    ("tag", "body", {"add": ["a\n"]}, "schema"),
    ("tag", "body", {"remove": ["a"]}, None),
    ("outcome", "body", {"outcome": 3}, "schema"),
    ("evaluate", "body/values", {}, "schema"),
    ("evaluate", "body/values", {"m": {"value": None}}, "schema"),
    ("evaluate", "body/values", {"m": {"value": 1, "definition": "v2"}}, "schema"),
    ("evaluate", "body/values", {"m": {"value": 1, "definition": DG}}, None),
    ("evaluate", "body/values", {"m": {"value": 1, "definition": None}}, None),
    ("evaluate", "body/values", {"m": {"value": {"$float": "NaN"}}}, None),
    ("object", "body", {"text": None}, "schema"),
    ("supersede", "body", {}, "schema"),
    ("supersede", "body/by/kind", "lab", "schema"),
    ("supersede", "body/by/digest", None, "schema"),
    ("supersede", "reason", "", "schema"),
    ("rename", "body/name", "a\nb", "schema"),
    ("rename", "body/name", "n" * 201, "schema"),
]

REGISTRATION: list[tuple[str, Any, str | None]] = [
    ("schema", "labrec.registration/2.0", "schema"),
    ("claim", "", "schema"),
    ("primary_metrics", [], "schema"),
    ("primary_metrics/0/direction", None, "schema"),
    ("primary_metrics/0/delta", -0.1, "schema"),
    ("primary_metrics/0/delta", {"$float": "NaN"}, "schema"),
    ("primary_metrics", [{"name": "m", "direction": "minimize", "delta": d} for d in (1, 2)], "beyond"),
    ("baseline", {"kind": "named"}, "schema"),
    ("baseline", {"kind": "root", "name": "x"}, "schema"),
    ("baseline", {"kind": "worst"}, "schema"),
    ("baseline", {"kind": "best"}, None),
    ("planned_n", 0, "schema"),
    ("planned_n", 9, "beyond"),  # the last look is at 8
    ("looks", [8, 4], "beyond"),
    ("looks", [4, 4, 8], "beyond"),
    ("looks", [0, 8], "schema"),
    ("looks", [8.0], None),
    ("alpha", 0, "schema"),
    ("alpha", 1, "schema"),
    ("alpha", 0.5, None),
    ("test", "", "schema"),
    ("decision", "most", "schema"),
    ("selector", [], "schema"),
    ("selector", {"$where": "1"}, "schema"),
    ("amends", "first", "schema"),
    ("time", "2026-01-01", "schema"),
    ("author", {"name": "x"}, "schema"),
    ("unknown", {"kept": 1}, None),
]  # fmt: skip


EXPRESSION = {"kind": "expression", "expression": "a + b"}
PART = {"metric": "a", "weight": 1, "direction": "maximize"}

METRIC: list[tuple[str, str, Any, str | None]] = [
    ("scalar", "schema", "labrec.metric/2.0", "schema"),
    ("scalar", "schema", "labrec.registration/1.0", "schema"),
    ("scalar", "schema", "labrec.metric/1.3", None),
    ("scalar", "slug", "Not A Slug", "schema"),
    ("scalar", "name", "", "schema"),
    ("scalar", "name", MISSING, "schema"),
    ("scalar", "name", "n" * 1000, None),
    ("scalar", "name", "m" * 1001, "schema"),
    ("scalar", "name", "two\nlines \u202e <b>{}%s", None),
    ("scalar", "time", "now", "schema"),
    ("scalar", "author", None, None),
    ("scalar", "author", {"name": "x"}, "schema"),
    ("scalar", "unit", "a\nb", "schema"),
    ("scalar", "unit", "", "schema"),
    ("scalar", "direction", "up", "schema"),
    ("scalar", "direction", None, None),
    ("scalar", "resolution", -0.1, "schema"),
    ("scalar", "resolution", 0, None),
    ("scalar", "margin", 0, "schema"),
    ("scalar", "margin", {"$float": "Infinity"}, "schema"),
    ("scalar", "aggregation", MISSING, "schema"),
    ("scalar", "aggregation/kind", "median", "schema"),
    ("scalar", "aggregation/percent", None, "schema"),
    ("scalar", "aggregation/percent", 0, "schema"),
    ("scalar", "aggregation/percent", 100, None),
    ("scalar", "aggregation/percent", 100.5, "schema"),
    ("scalar", "aggregation", {"kind": "mean", "percent": 5}, "schema"),
    ("scalar", "aggregation", {"kind": "best"}, None),
    ("minimal", "aggregation", {"kind": "best"}, "schema"),  # best by which direction?
    ("scalar", "source", MISSING, "schema"),
    ("scalar", "source", {"kind": "shell"}, "schema"),
    ("scalar", "source", {"kind": "scalar", "expression": "a"}, "schema"),
    ("scalar", "source", {"kind": "scalar", "expression": None}, None),
    ("scalar", "source", EXPRESSION, "schema"),  # with tail_mean
    ("minimal", "source", EXPRESSION, None),
    ("minimal", "source", EXPRESSION | {"expression": "x" * 1001}, "schema"),
    ("minimal", "source", EXPRESSION | {"expression": "import os ("}, None),
    ("minimal", "source", EXPRESSION | {"more": 1}, None),
    ("minimal", "source", {"kind": "expression"}, "schema"),
    ("entry_point", "source/entry_point", "scores", "schema"),
    ("entry_point", "source/entry_point", "a b:c", "schema"),
    ("entry_point", "source/entry_point", "../x:y", "schema"),
    ("entry_point", "source/entry_point", "a:b()", "schema"),
    ("entry_point", "source/entry_point", "a.b:c\n", "schema"),
    ("entry_point", "source/entry_point", "a.b:C.d", None),
    ("entry_point", "source/digest", None, "schema"),
    ("entry_point", "source/version", MISSING, "schema"),
    ("composite", "direction", None, "schema"),
    ("composite", "source/form", "median", "schema"),
    ("composite", "source/parts", [], "schema"),
    ("composite", "source/parts", [PART, PART], "beyond"),
    ("composite", "source/parts", [PART | {"metric": "quality"}], "beyond"),
    ("composite", "source/parts", [PART | {"weight": 0}], "schema"),
    ("composite", "source/parts", [PART | {"direction": None}], "schema"),
    ("composite", "amends", ["first"], "schema"),
    ("composite", "amends", DG, "schema"),
    ("composite", "amends", None, "schema"),
    ("composite", "amends", [DG, DG], "schema"),
    ("composite", "amends", [DG, DG.replace("0", "f")], None),
]

DATASET: list[tuple[str, Any, str | None]] = [
    ("schema", "labrec.dataset/2.0", "schema"),
    ("name", "Corpus", "schema"),
    ("version", "", "schema"),
    ("version", "a/b", "schema"),
    ("version", "v" * 65, "schema"),
    ("licence", "a\nb", "schema"),
    ("licence", None, None),
    ("source", "", "schema"),
    ("parent", "2026.0", "schema"),
    ("parent", DG, None),
    ("unit", "row", "schema"),
    ("unit", "file", "beyond"),  # two files, forty samples
    ("manifest", MISSING, "schema"),
    ("manifest/sha256", DG, "schema"),
    ("content", "0" * 64, "schema"),
    ("samples", -1, "schema"),
    ("distinct", 41, "beyond"),
    ("distinct", 40, None),
    ("bytes", 1.5, "schema"),
    ("unknown", "kept", None),
]


REPORT: list[tuple[str, str, Any, str | None]] = [
    ("second", "schema", "labrec.report/2.0", "schema"),
    ("second", "slug", "A b", "schema"),
    ("second", "version", "v1", "schema"),
    ("second", "version", "0", "schema"),
    ("second", "version", "02", "schema"),
    ("second", "version", 2, "schema"),
    ("second", "version", "1", "schema"),  # the first one supersedes nothing
    ("second", "title", "a\nb", "schema"),
    ("second", "title", MISSING, "schema"),
    ("second", "author", None, None),
    ("second", "view", DG, "schema"),
    ("second", "article", MISSING, "schema"),
    ("second", "article/sha256", DG, "schema"),
    ("second", "markdown", None, "schema"),
    ("second", "records/size", -1, "schema"),
    ("second", "record_count", 1.5, "schema"),
    ("second", "figures", None, "schema"),
    ("second", "figures/0/name", "A", "schema"),
    ("second", "figures/0/name", "../x", "schema"),
    ("second", "figures/0/drawing", MISSING, "schema"),
    ("second", "figures/0/name", "units", "beyond"),  # which the table has
    ("second", "tables/0/data", None, "schema"),
    ("second", "tables", MISSING, None),
    ("second", "supersedes", [], "schema"),
    ("second", "supersedes", MISSING, "schema"),
    ("second", "supersedes", [DG, DG], "schema"),
    ("second", "supersedes", ["1"], "schema"),
    ("second", "unknown", "kept", None),
    ("first", "supersedes", [DG], "schema"),
    ("first", "supersedes", [], None),
    ("first", "version", "2", "schema"),
]


def _bytes() -> list[tuple[str, bytes, str | None]]:
    """Mutations of the bytes of the smallest record."""
    data = (GOLDEN / "run_minimal.json").read_bytes()
    text = data.decode()
    extra = text.replace("{\n", '{\n  "extra": EXTRA,\n', 1)

    def with_extra(value: str | bytes) -> bytes:
        raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
        return extra.encode().replace(b"EXTRA", raw)

    def nested(depth: int) -> bytes:
        return with_extra("[" * (depth - 1) + "]" * (depth - 1))  # the document is a level itself

    return [
        ("as it is", data, None),
        ("compact", json.dumps(json.loads(data), separators=(",", ":")).encode(), None),
        ("spaces around", b" \t\r\n" + data + b"\n \t\r\n", None),
        ("escapes", with_extra(r'"\u00e9\ud83d\ude00\/\b\f"'), None),
        ("integer at the limit", with_extra("[9007199254740991, -9007199254740991]"), None),
        ("float beyond integers", with_extra("9007199254740993.0"), None),
        ("minus zero", with_extra("[-0, -0.0, 0e-9]"), None),
        ("64 levels", nested(64), None),
        ("brackets in strings", with_extra('"' + "[" * 100 + '\\"' + "{" * 100 + '"'), None),
        ("empty", b"", "codec"),
        ("spaces only", b" \n", "codec"),
        ("an array", b"[]", "schema"),
        ("a string", b'"x"', "schema"),
        ("null", b"null", "schema"),
        ("byte order mark", b"\xef\xbb\xbf" + data, "codec"),
        ("UTF-16", data.decode().encode("utf-16"), "codec"),
        ("trailing bytes", data + b"x", "codec"),
        ("second document", data + data, "codec"),
        ("trailing NUL", data + b"\x00", "codec"),
        ("cut short", data[:-3], "codec"),
        ("key twice", data.replace(b'"name": "n",', b'"name": "n", "name": "n",'), "codec"),
        ("key twice, once escaped", with_extra(r'{"a": 1, "\u0061": 2}'), "codec"),
        ("key twice, deep", with_extra('[{"b": {"a": 1, "c": 3, "a": 1}}]'), "codec"),
        ("NaN", with_extra("NaN"), "codec"),
        ("Infinity", with_extra("Infinity"), "codec"),
        ("-Infinity", with_extra("[-Infinity]"), "codec"),
        ("integer 2^53", with_extra("9007199254740992"), "codec"),
        ("integer -2^53", with_extra("-9007199254740992"), "codec"),
        ("integer of 5000 digits", with_extra("1" * 5000), "codec"),
        ("float overflow", with_extra("1e400"), "codec"),
        ("negative float overflow", with_extra("-1.5E+999"), "codec"),
        ("leading zero", with_extra("01"), "codec"),
        ("plus sign", with_extra("+1"), "codec"),
        ("hexadecimal", with_extra("0x10"), "codec"),
        ("bare fraction", with_extra(".5"), "codec"),
        ("digits of another script", with_extra("\u0661"), "codec"),
        ("lone high surrogate", with_extra(r'"\ud800"'), "codec"),
        ("lone low surrogate", with_extra(r'"\udc00x"'), "codec"),
        ("surrogates swapped", with_extra(r'"\ude00\ud83d"'), "codec"),
        ("lone surrogate as key", with_extra(r'{"\ud800": 1}'), "codec"),
        ("surrogate in UTF-8", with_extra('"\ud800"'), "codec"),
        ("NUL escaped", with_extra(r'"\u0000"'), "codec"),
        ("NUL escaped in a key", with_extra(r'{"a\u0000": 1}'), "codec"),
        ("NUL raw", with_extra(b'"\x00"'), "codec"),
        ("noncharacter U+FFFF", with_extra('"\uffff"'), "codec"),
        ("noncharacter U+FDD0 escaped", with_extra(r'"\ufdd0"'), "codec"),
        ("noncharacter U+1FFFE", with_extra('"\U0001fffe"'), "codec"),
        ("raw control", with_extra('"a\nb"'), "codec"),
        ("overlong UTF-8", with_extra(b'"\xc0\xaf"'), "codec"),
        ("invalid UTF-8", with_extra(b'"\xff"'), "codec"),
        ("cut UTF-8", with_extra(b'"\xe2\x82"'), "codec"),
        ("unknown escape", with_extra(r'"\x41"'), "codec"),
        ("single quotes", with_extra("'a'"), "codec"),
        ("comment", with_extra("1 /* one */"), "codec"),
        ("trailing comma", with_extra("[1,]"), "codec"),
        ("bare word", with_extra("yes"), "codec"),
        ("no-break space", with_extra("\u00a01"), "codec"),
        ("65 levels", nested(65), "codec"),
        ("65 levels of objects", with_extra('{"a":' * 64 + "1" + "}" * 64), "codec"),
        ("100,000 brackets", b"[" * 100_000, "codec"),
        ("100,000 braces", b'{"a":' * 40_000, "codec"),
        ("a string of quotes that never ends", b'["' + b'\\"' * 100_000, "codec"),
        ("256 KiB", with_extra('"' + "x" * (262_144 - len(extra) + 5 - 2) + '"'), None),
        ("256 KiB and a byte", with_extra('"' + "x" * (262_144 - len(extra) + 5 - 1) + '"'), "codec"),
    ]  # fmt: skip


def _places() -> list[Example]:
    """Sound documents at places that are not theirs."""
    data = (GOLDEN / "run_full.json").read_bytes()
    right = path_of(golden("run_full"), data)
    *folder, name = right.split("/")
    own_id, short, _ = name.split(".")
    at = "/".join(folder)
    other = (GOLDEN / "run_minimal.json").read_bytes()
    note = (GOLDEN / "note_tag.json").read_bytes()
    note_at = path_of(golden("note_tag"), note)
    registration = (GOLDEN / "registration.json").read_bytes()
    metric = (GOLDEN / "metric_expression.json").read_bytes()
    metric_at = path_of(golden("metric_expression"), metric)
    dataset = (GOLDEN / "dataset_version.json").read_bytes()
    dataset_at = path_of(golden("dataset_version"), dataset)
    report = (GOLDEN / "report_second.json").read_bytes()
    report_at = path_of(golden("report_second"), report)
    moved = "0" if own_id[-1] != "0" else "1"
    wrong = {
        "other bytes": (right, other),
        "one byte more": (right, data + b"\n"),
        "short digest of another case": (f"{at}/{own_id}.{short.upper()}.json", data),
        "digest too short": (f"{at}/{own_id}.{short[:31]}.json", data),
        "no digest": (f"{at}/{own_id}.json", data),
        "other ending": (f"{at}/{own_id}.{short}.jsn", data),
        "another project": (right.replace("tiny-lm", "other"), data),
        "reserved project": (right.replace("tiny-lm", "objects"), data),
        "another year": (right.replace("/2026/", "/2025/"), data),
        "another last digit": (f"{'/'.join(folder[:-1])}/{moved}/{name}", data),
        "another id": (f"{at}/{own_id[:-2]}{'0' if own_id[-2] != '0' else '1'}{own_id[-1]}.{short}.json", data),
        "a record among notes": (right.replace("/runs/", "/notes/"), data),
        "a note among runs": (note_at.replace("/notes/", "/runs/"), note),
        "a registration of another slug": (
            path_of(golden("registration") | {"slug": "other"}, registration), registration,
        ),
        "a registration among metrics": (
            path_of(golden("registration"), registration).replace("/hypotheses/", "/metrics/"),
            registration,
        ),
        "a metric of another slug": (metric_at.replace("/perplexity/", "/other/"), metric),
        "a dataset of another name": (dataset_at.replace("/corpus/", "/other/"), dataset),
        "a dataset of another version": (dataset_at.replace("2026.1", "2026.3"), dataset),
        "a dataset without a version": (dataset_at.replace("2026.1.", ""), dataset),
        "a report of another slug": (report_at.replace("/better-models/", "/other/"), report),
        "a report of another version": (report_at.replace("/2.", "/3."), report),
        "a report among datasets": (report_at.replace("/reports/", "/datasets/"), report),
        "outside records": ("archive/" + right.removeprefix("records/"), data),
        "an absolute path": ("/" + right, data),
        "a path with ..": (right.replace("/runs/", "/runs/../runs/"), data),
    }  # fmt: skip
    return [Example(f"path: {why}", path, raw, "path") for why, (path, raw) in wrong.items()]


def _named(base: str, pointer: str, value: Any) -> str:
    shown = "missing" if value is MISSING else ascii(value)
    return f"{base}: {pointer} = {shown[:170]}"


def _mutated() -> list[Example]:
    found = []
    full, registration = golden("run_full"), golden("registration")
    todo = [("run_full", full, *row) for row in RUN]
    asked = golden("run_counterfactuals")
    todo += [("run_counterfactuals", asked, *row) for row in COUNTERFACTUALS]
    todo += [(f"note_{kind}", golden(f"note_{kind}"), *row) for kind, *row in NOTE]
    todo += [("registration", registration, *row) for row in REGISTRATION]
    todo += [(f"metric_{kind}", golden(f"metric_{kind}"), *row) for kind, *row in METRIC]
    todo += [("dataset_version", golden("dataset_version"), *row) for row in DATASET]
    todo += [(f"report_{which}", golden(f"report_{which}"), *row) for which, *row in REPORT]
    for name, base, pointer, value, refused_by in todo:
        document = changed(base, pointer, value)
        data = write(document)
        found.append(Example(_named(name, pointer, value), path_of(base, data), data, refused_by))
    return found


def _relations() -> list[Example]:
    """Rules about two places at once."""
    full, planned = golden("run_full"), golden("run_planned")
    failed, tag = golden("run_failed"), golden("note_tag")
    own = full["identity"]["run_id"]
    metric = full["metrics"]
    composite = golden("metric_composite")
    parts = [PART | {"metric": f"m{number}"} for number in range(65)]
    rows = [
        ("a composite of 64 parts", composite, "source/parts", parts[:64], None),
        ("a composite of 65 parts", composite, "source/parts", parts, "schema"),
        ("a run that fulfils itself", full, "identity/fulfils", own, "beyond"),
        ("a run that is its own parent", full, "lineage/parents/0/run_id", own, "beyond"),
        ("a run that reproduces itself", full, "lineage/reproduces", own, "beyond"),
        ("a run that continues itself", full, "lineage/continues", own, "beyond"),
        ("a planned run that started", planned, "identity/times/started", "2026-01-02T03:04:05Z", "schema"),
        ("a planned run that fulfils", planned, "identity/fulfils", own, "schema"),
        ("a planned run that exited", planned, "command", {"minor": 0, "exit_code": 0}, "schema"),
        ("a planned run with a signal", planned, "command", {"minor": 0, "signal": "SIGINT"}, "schema"),
        ("a planned run with metrics", planned, "metrics", metric, "schema"),
        ("a planned run with a command", planned, "command", {"minor": 0, "argv": ["x"]}, None),
        ("a signal that is none", failed, "command/signal", "KILL", "schema"),
        ("a real-time signal", failed, "command/signal", "SIGRTMIN+3", None),
        ("a machine without a source", failed, "hardware/machine_id", "0" * 20, "schema"),
        ("no code and no reason", failed, "code/reason", None, "schema"),
        ("a patch without a commit", golden("run_newer_minor"), "code/commit", None, "schema"),
        ("a note about itself", tag, "subject/id", tag["note_id"], "beyond"),
    ]  # fmt: skip
    found = []
    for name, base, pointer, value, refused_by in rows:
        data = write(changed(base, pointer, value))
        found.append(Example(name, path_of(base, data), data, refused_by))
    return found


def examples() -> list[Example]:
    """Every example: the golden files, mutations of bytes and of documents, and wrong places."""
    found = []
    for file in sorted(GOLDEN.glob("*.json")):
        data = file.read_bytes()
        found.append(Example(f"golden: {file.name}", path_of(golden(file.stem), data), data, None))
    minimal = golden("run_minimal")
    for name, data, refused_by in _bytes():
        found.append(Example(f"bytes: {name}", path_of(minimal, data), data, refused_by))
    return found + _mutated() + _relations() + _places()
