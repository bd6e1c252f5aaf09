"""A second reader of the format, written from docs/format.md alone; it knows nothing of labrec.

``check(path, data)`` returns the document or raises ValueError. Standard library only.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
import unicodedata
from datetime import date
from decimal import Decimal

BIG = 2**53 - 1
CLOCK = r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d"
NON = "\ufdd0-\ufdef" + "".join(chr(p << 16 | c) for p in range(17) for c in (0xFFFE, 0xFFFF))
REFUSED = re.compile(f"[\x00\ud800-\udfff{NON}]")
ENCODED = re.compile(
    "[%\\\\:\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    f"\ufff9-\ufffb\U000e0000-\U000e007f{NON}]"
)
RESERVED = r"\.git|git~1|(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\..*)?"
FLOATS = ("NaN", "Infinity", "-Infinity")
LINE = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
SLUG = r"(?!(con|prn|aux|nul|com\d|lpt\d)(\..*)?$)[a-z0-9][a-z0-9._-]{0,63}(?<!\.)"
PATTERNS = {
    "line": LINE + "{1,1000}", "name": LINE + "{1,200}", "digest": "sha256:[0-9a-f]{64}",
    "sha256": "[0-9a-f]{64}", "commit": "[0-9a-f]{40}|[0-9a-f]{64}", "machine": "[0-9a-f]{20}",
    "switches": "[01]{1,64}", "decimal": r"0|-?[1-9]\d*", "signal": r"SIG[A-Z0-9]+([+-]\d+)?", "text": r"[\s\S]*",
    "id": r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "slug": SLUG, "project": rf"(?!(objects|lfs|schemas)$){SLUG}", "said": r"[\s\S]+",
    "number": r"[1-9]\d{0,5}", "tree-id": "[0-9a-f]{40}", "part-name": "[a-z0-9][a-z0-9-]{0,63}",
    "version": r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}", "short": r"[\s\S]{1,1000}",
    "entry": r"(?=[\s\S]{1,1000}$)[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*",
    "time": rf"\d{{4}}-\d\d-\d\dT{CLOCK}(\.\d{{1,9}})?Z",
}  # fmt: skip
RANGES = {"count": (0, BIG), "positive": (1, BIG), "integer": (-BIG, BIG), "share": (0, 1),
          "least0": (0, 1e308 * 10), "above0": (5e-324, 1e308 * 10)}  # fmt: skip
PLACE = (r"records/([^/]+)/(?:(run|note)s/(\d{4}/\d\d/\d\d)/(.)/([^/.]+)\.|"
         r"(hypotheses|metrics)/([^/]+)/|(?:dataset|report)s/([^/]+)/([^/]+)\.)([0-9a-f]{32})\.json")  # fmt: skip
# One shape a line: its fields, * must be there. A type is a word above or another shape, and
# T? may be null, []T is an array, {}T a map, +T not empty, =a|b one of these words.
SHAPES = {name: row.split(":")[1].strip() for row in """\
ref: sha256* sha256, size* count
author: name* line, source* =git|settings|option
times: started time?, ended time?, duration_s least0?
tool: name* line, version* line
parent: by* =option|name, name line?, run_id id?, config_digest digest?
linked: slug* slug, registration* digest, linked* =start|later, published commit?
source: path* path, sha256* sha256, size* count
change: op* =add|update|delete|retype, path* []text, old free, new free
interpreter: implementation* text, version* text
os: system* text, release* text, distribution text?
fact: value free, unit text?, unavailable text?
channel: unit text?, sensor text?, method text?, interval_s least0?, coverage share?, count count?, min num?, mean num?, max num?, last num?, unavailable text?
overhead: cpu_s least0?, max_rss_bytes count?, samples count?
metric: last* num, mean* num, min* num, max* num, count* positive, best num?, unit text?, direction =maximize|minimize?, definition digest?
artifact: name* path, role* =output|input|log|model|figure|other, sha256* sha256, size* count, media_type line?, where* =git|digest-only
origin: source* line, key* line, order count?
dataset: name* line, role* line, version line?, digest digest?
event: kind* =skipped|redacted|truncated|unmappable|lost|unavailable|recovered, what* text, why* text, count positive
run: schema* text, identity* identity, lineage lineage?, command command?, features features?, code code?, environment environment?, determinism determinism?, hardware hardware?, telemetry telemetry?, metrics metrics?, artifacts artifacts?, datasets datasets?, counterfactuals counterfactuals?, capture capture?
identity: minor* count, run_id* id, project* project, name* name, config_digest* digest, status* =complete|failed|interrupted|planned, reason text?, tags []line, author author?, times times, tool* tool, fulfils id?, definition ref?, origin origin?
lineage: minor* count, parents []parent, reproduces id?, continues id?, cell line?, hypotheses []linked, intent text?, outcome text?
command: minor* count, argv []text, options []text, cwd cwd?, entry text?, exit_code integer?, signal signal?
features: minor* count, tree* tree, digest* digest, source source?, nuisance []text, diff []change?
code: minor* count, kind* =manifest|commit_patch|none, reason text?, digest digest?, manifest ref?, files count?, bytes count?, commit commit?, published commit?, branch line?, dirty boolean?, patch ref?, remote line?
environment: minor* count, level* =basic|standard, digest digest?, object* ref, interpreter interpreter?, os os?, packages {}text
determinism: minor* count, seeds {}decimal, flags {}text
hardware: minor* count, hardware_id* digest, machine_id machine?, machine_id_source* =machine-id|state|unavailable, tier* text, object* ref, fields {}fact, conditions {}fact
telemetry: minor* count, object ref?, channels {}channel, overhead overhead?
metrics: minor* count, series ref?, values {}metric
artifacts: minor* count, items []artifact
datasets: minor* count, items []dataset
capture: minor* count, events []event
factor: name* line, kind* =context|calls|attribute|item, where line?, on free, off free
cell: on* switches, replicate* count, seed decimal?, values {}num, duration_s least0?, failed text?
call: step integer?, at line?, factors* +[]factor, method* =factorial|permutations, budget* positive, orders [][]count, cells []cell, complete* boolean, restored =unchecked|same|differs|failed?
counterfactuals: minor* count, calls []call, object ref?
note: schema* text, note_id* id, project* project, kind* =reparent|link|unlink|comment|tag|outcome|evaluate|verdict|decide|object|retract|supersede|redact|rename, author* author, time* time, reason* text, subject* subject, after* []digest
subject: kind* =run|experiment|hypothesis|note|object|report, id* line, digest digest?
score: value* num, unit text?, direction =maximize|minimize?, definition digest?
successor: kind* =run|note|report, id* line, digest* digest
reparent: parents* []parent
link|unlink: to* =hypothesis|run|dataset|publication, target* line, digest digest?
comment|object: text* said
tag: add []line, remove []line
outcome: outcome* said
evaluate: values* +{}score, method text?, object ref?
verdict: decision* =supported|refuted|inconclusive, registration* digest, confirmatory* boolean, object ref?, text text?
decide: decision* said
retract:
supersede: by* successor
redact: objects* +[]digest
rename: name* name
registration: schema* text, project* project, slug* slug, time* time, author* author, claim* said, primary_metrics* +[]primary, baseline* baseline, planned_n* positive, looks* []positive, alpha* share, test* line, decision* =all|any, family line?, selector* tree, falsification text?, amends digest?
primary: name* line, direction* =maximize|minimize, delta* least0
baseline: kind* =parent|root|best|named, name line?
metric-definition: schema* text, project* project, slug* slug, name* short, time* time, author author?, description text?, unit line?, direction =maximize|minimize?, resolution least0?, margin above0?, aggregation* aggregation, source* origin-of-values, amends []digest
aggregation: kind* =last|best|min|max|mean|tail_mean, percent above0?
origin-of-values: kind* =scalar|expression|entry_point|composite, expression short?, entry_point entry?, package line?, version line?, digest digest?, form =weighted_sum|geometric_mean?, parts +[]part?
part: metric* short, weight* above0, direction* =maximize|minimize
dataset-version: schema* text, project* project, name* slug, version* version, time* time, author author?, description text?, licence line?, source line?, parent digest?, unit* =file|line, manifest* ref, content* digest, files* count, samples* count, distinct* count, bytes* count
report: schema* text, project* project, slug* slug, version* number, title* line, time* time, author author?, tool* line, view* tree-id, markdown* ref, article* ref, records* ref, record_count* count, figures []figure, tables []table, supersedes []digest
figure: name* part-name, title* line, sentence* text, drawing* ref, data* ref
table: name* part-name, title* line, data* ref
""".splitlines() for name in row.split(":")[0].split("|")}  # fmt: skip
SOURCES = {"scalar": [], "expression": ["expression"], "composite": ["form", "parts"],
           "entry_point": ["entry_point", "package", "version", "digest"]}  # fmt: skip
FIELDS = [name for names in SOURCES.values() for name in names]
FOLDERS = {
    "hypotheses": ("registration", "registration", "slug"),
    "metrics": ("metric", "metric-definition", "slug"),
    "datasets": ("dataset", "dataset-version", "name"),
    "reports": ("report", "report", "slug"),
}


def need(condition, why):
    if not condition:
        raise ValueError(why)
    return True


def full(pattern, text, flags=0):
    return isinstance(text, str) and re.fullmatch(pattern, text, re.ASCII | flags) is not None


def parse(data):
    need(len(data) <= 262_144 and not data.startswith(b"\xef\xbb\xbf"), "size or mark")
    depth = 0
    for bracket in re.findall(rb"[\[{}\]]", re.sub(rb'(?s)"(?:\\.|[^"\\])*("|\\?$)', b"", data)):
        depth += 1 if bracket in b"[{" else -1
        need(depth <= 64, "depth")
    value = json.loads(
        data.decode("utf-8"),
        object_pairs_hook=lambda found: dict(found) if len(dict(found)) == len(found) else need(False, "key twice"),
        parse_int=lambda text: need(len(text) < 20 and abs(int(text)) <= BIG, "int") and int(text),
        parse_float=lambda text: need(abs(float(text)) != float("inf"), "float") and float(text),
        parse_constant=lambda text: need(False, text),
    )  # fmt: skip
    strings(value)
    return value


def strings(value):
    need(not isinstance(value, str) or not REFUSED.search(value), "character")
    if isinstance(value, (dict, list)):
        for inner in [*value, *(value.values() if isinstance(value, dict) else ())]:
            strings(inner)


def canonical(value):
    """RFC 8785."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if not isinstance(value, float):
        return json.dumps(value, ensure_ascii=False)
    sign, parts, exponent = Decimal(repr(value)).normalize().as_tuple()
    digits, point = "".join(map(str, parts)), len(parts) + exponent
    if value == 0:
        return "0"
    if 0 < point <= 21:
        fraction = digits[point:]
        text = digits[:point].ljust(point, "0") + ("." + fraction if fraction else "")
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = ".".join(filter(None, (digits[0], digits[1:]))) + f"e{point - 1:+d}"
    return "-" * sign + text


def percent(raw):
    return "".join(f"%{byte:02X}" for byte in raw)


def spell(raw):
    part = raw.decode("utf-8", "replace")
    if part.encode() == raw and unicodedata.normalize("NFC", part) == part:
        part = ENCODED.sub(lambda found: percent(found[0].encode()), part)
    else:
        part = "".join(percent([b]) if b < 32 or b > 126 or b in b"%\\:" else chr(b) for b in raw)
    if full(RESERVED, part, re.IGNORECASE | re.DOTALL):
        part = percent(part[0].encode()) + part[1:]
    return part[:-1] + percent(part[-1].encode()) if part[-1] in ". " else part


def path(value):
    need(isinstance(value, str) and 0 < len(value) <= 4096, "path")
    for part in value.split("/"):
        raw = re.sub(rb"%([0-9A-F]{2})", lambda two: bytes([int(two[1], 16)]), part.encode())
        need(raw not in (b"", b".", b"..") and not {0, 47} & set(raw), "unsafe path")
        need(spell(raw) == part, "another spelling")


def free(value, *, is_tree=False):
    """A tagged value."""
    need(isinstance(value, dict) or not is_tree, "tree")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    tags = [key for key in value if re.match(r"\$(?!\$)", key)] if isinstance(value, dict) else []
    if not tags:
        return [free(one) for one in inner]
    need(not is_tree, "a tag for a tree")
    tag = "$repr" if "$repr" in tags else tags[0]
    need(set(value) == ({"$repr", "type"} if tag == "$repr" else {tag}), "unknown tag")
    need(all(isinstance(text, str) for text in inner), "tag")
    text = value[tag]
    if tag == "$int":
        is_big = len(text) > 18 or abs(int(text)) > BIG
        return need(is_big and full(r"-?[1-9]\d{15,3999}", text), tag)
    if tag == "$date":
        rest = rf"(T{CLOCK}(\.\d{{6}})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)?)?"
        return need(full(r"\d{4}-\d\d-\d\d" + rest, text), tag) and date.fromisoformat(text[:10])
    if tag == "$bytes":
        return need(base64.b64encode(base64.b64decode(text)).decode() == text, tag)
    return need(tag == "$repr" or (tag == "$float" and text in FLOATS), "unknown tag")


def word(kind, value):
    if kind in PATTERNS:
        need(full(PATTERNS[kind], value), kind)
        need(kind != "id" or int(value[:8] + value[9:13], 16) <= 253402300799999, "late")
        return kind != "time" or date.fromisoformat(value[:10])
    is_number = type(value) in (int, float)
    if kind in RANGES:
        need(is_number and RANGES[kind][0] <= value <= RANGES[kind][1], kind)
        return need(kind in {"share", "least0", "above0"} or value == int(value), kind)
    if kind in {"free", "num", "tree"}:
        is_float = isinstance(value, dict) and "$float" in value
        need(kind != "num" or is_number or is_float, kind)
        return free(value, is_tree=kind == "tree")
    if kind == "boolean":
        return need(isinstance(value, bool), kind)
    return (kind == "cwd" and value == ".") or path(value)


def read(kind, value):
    """Check a value against any type."""
    if kind[-1] == "?":
        return value is None or read(kind[:-1], value)
    if kind[0] == "+":
        return need(value, "empty") and read(kind[1:], value)
    if kind[0] == "=":
        return need(isinstance(value, str) and value in kind[1:].split("|"), kind)
    if kind[:2] in {"[]", "{}"}:
        need(isinstance(value, list if kind[0] == "[" else dict), kind)
        return [read(kind[2:], one) for one in (value if kind[0] == "[" else value.values())]
    if kind not in SHAPES:
        return word(kind, value)
    need(isinstance(value, dict), kind)
    for name, inner in (field.split(" ") for field in filter(None, SHAPES[kind].split(", "))):
        need(name[-1] != "*" or name[:-1] in value, f"no {name}")
        if name.rstrip("*") in value:
            read(inner, value[name.rstrip("*")])
    return rules(kind, value, lambda name: value.get(name) is not None)


def unique(values):
    return len(set(values)) == len(values)


def rules(kind, v, has):
    known = {
        "parent": lambda: has("name") or has("run_id") or has("config_digest"),
        "command": lambda: not (has("exit_code") and has("signal")),
        "features": lambda: v["digest"] == "sha256:" + hashlib.sha256(canonical(v["tree"]).encode()).hexdigest(),
        "code": lambda: has({"none": "reason"}.get(v["kind"], "digest"))
        and has({"manifest": "manifest", "commit_patch": "commit"}.get(v["kind"], "kind")),
        "hardware": lambda: has("machine_id") == (v["machine_id_source"] != "unavailable"),
        "fact": lambda: ("value" in v) != has("unavailable"),
        "channel": lambda: has("count") != has("unavailable"),
        "cell": lambda: not (has("failed") and v.get("values")),
        "call": lambda: unique([one["name"] for one in v["factors"]]) and len(v["factors"]) <= 64
        and {len(one["on"]) for one in v.get("cells", ())} <= {len(v["factors"])}
        and all(sorted(order) == list(range(len(v["factors"]))) for order in v.get("orders", ())),
        "artifacts": lambda: unique([item["name"] for item in v.get("items", ())]),
        "run": lambda: run_rules(v["identity"], v.get("lineage") or {}, v.get("command") or {}, v),
        "subject": lambda: has("digest") == (v["kind"] != "experiment")
        and read({"run": "id", "note": "id", "hypothesis": "slug", "report": "slug"}.get(v["kind"], "digest"), v["id"])
        and (v["kind"] != "object" or v["id"] == v["digest"]),
        "note": lambda: read(v["kind"], v.get("body"))
        and (v["reason"].strip() or v["kind"] not in ("reparent", "unlink", "retract", "supersede", "redact"))
        and unique(v["after"]) and v["subject"]["id"] != v["note_id"],
        "link": lambda: (has("digest") or v["to"] not in {"hypothesis", "dataset"})
        and read({"hypothesis": "slug", "run": "id"}.get(v["to"], "line"), v["target"]) is not False
        and (v["to"] != "publication" or v["target"].startswith(("https://", "doi:"))),
        "tag": lambda: (v.get("add") or v.get("remove")) and not set(v.get("add", ())) & set(v.get("remove", ())),
        "baseline": lambda: has("name") == (v["kind"] == "named"),
        "registration": lambda: 0 < v["alpha"] < 1 and unique([metric["name"] for metric in v["primary_metrics"]])
        and v["looks"] == sorted(set(v["looks"])) and v["looks"][-1:] in ([], [v["planned_n"]]),
        "aggregation": lambda: has("percent") == (v["kind"] == "tail_mean") and (v.get("percent") or 1) <= 100,
        "origin-of-values": lambda: {name for name in v if name in FIELDS and has(name)} == set(SOURCES[v["kind"]])
        and unique([part["metric"] for part in v.get("parts") or ()]) and len(v.get("parts") or ()) <= 64,
        "metric-definition": lambda: (v["source"]["kind"] in {"scalar", "entry_point"} or v["aggregation"]["kind"] == "last")
        and (has("direction") or (v["aggregation"]["kind"] != "best" and v["source"]["kind"] != "composite"))
        and unique(v.get("amends", ())) and v["name"] not in [part["metric"] for part in v["source"].get("parts") or ()],
        "report": lambda: unique(v.get("supersedes", ())) and (v["version"] == "1") == (not v.get("supersedes"))
        and len(v.get("figures", ())) <= 100 and len(v.get("tables", ())) <= 100
        and unique([part["name"] for part in (*v.get("figures", ()), *v.get("tables", ()))]),
        "dataset-version": lambda: v["distinct"] <= v["samples"] and (v["unit"] == "line" or v["files"] == v["samples"]),
    }  # fmt: skip
    rule = known.get(kind.removeprefix("un"))
    return need(rule is None or rule(), f"a rule of {kind}")


def run_rules(identity, lineage, command, record):
    own, times = identity["run_id"], identity.get("times", {})
    others = [lineage.get("reproduces"), lineage.get("continues"), identity.get("fulfils")]
    others += [parent.get("run_id") for parent in lineage.get("parents", ())]
    begun = [times.get("started"), times.get("ended"), identity.get("fulfils"), command.get("exit_code"),
             command.get("signal"), (record.get("metrics") or {}).get("values") or None]  # fmt: skip
    return own not in others and (identity["status"] != "planned" or begun == [None] * 6)


def check(path, data):
    """Return the document, or raise ValueError."""
    place = re.fullmatch(PLACE, path, re.ASCII)
    need(place, "no document lies there")
    project, kind, day, last, own, folder, slug, name, version, short = place.groups()
    need(hashlib.sha256(data).hexdigest()[:32] == short, "other bytes than the name proves")
    document = parse(data)
    need(isinstance(document, dict), "not an object")
    folder = folder or path.split("/")[2]
    kind, shape, key = (kind, kind, "") if kind else FOLDERS[folder]
    need(full(rf"labrec\.{kind}/1\.(0|[1-9]\d{{0,8}})", document.get("schema")), "schema")
    read(shape, document)
    told = document["identity"] if kind == "run" else document
    need(told["project"] == project, "another project")
    if key:
        need(told[key] == (slug or name), "another slug")
        return need(version is None or told["version"] == version, "version") and document
    need(told[f"{kind}_id"] == own and own[-1] == last, "another id")
    seconds = int(own[:8] + own[9:13], 16) // 1000
    return need(time.strftime("%Y/%m/%d", time.gmtime(seconds)) == day, "day") and document
