"""The published schemas: current, valid, and of one mind with the models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from labrec.record import codec, schema

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
FILES = {
    "run": "research_record_v1.json",
    "note": "note_v1.json",
    "registration": "registration_v1.json",
    "metric": "metric_v1.json",
    "dataset": "dataset_v1.json",
    "report": "report_v1.json",
}


@pytest.fixture(scope="session")
def validators():
    return {
        kind: Draft202012Validator(json.loads((SCHEMAS / name).read_bytes()))
        for kind, name in FILES.items()
    }


def test_the_committed_schemas_are_as_generated():
    assert schema.check(SCHEMAS) == [], "run: labrec schema --write"
    assert {path.name for path in SCHEMAS.glob("*.json")} >= set(schema.schemas())


@pytest.mark.parametrize("name", sorted(schema.schemas()))
def test_each_is_a_schema_of_its_dialect_that_explains_itself(name):
    found = json.loads(schema.schemas()[name])
    Draft202012Validator.check_schema(found)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["title"]
    assert found["description"]


def test_each_example(example, validators):
    if example.refused_by in {"codec", "path"}:
        return  # before and after what a schema sees
    document = codec.decode(example.data)
    refused = not validators[example.kind].is_valid(document)
    assert refused == (example.refused_by == "schema"), example.name


def test_every_field_of_every_section_is_described():
    for data in schema.schemas().values():
        found = json.loads(data)
        for model in [found, *found["$defs"].values()]:
            if model.get("additionalProperties") is not True:
                continue  # a tag
            assert model["description"]
            for name, facts in model["properties"].items():
                assert facts.get("description"), (model["description"], name)


def test_stale_schemas_are_found_and_written(tmp_path):
    assert schema.check(tmp_path) == sorted(schema.schemas(), key=list(schema.schemas()).index)
    assert schema.write(tmp_path) == list(schema.schemas())
    assert schema.check(tmp_path) == []
    (tmp_path / "note_v1.json").write_text("{}")
    assert schema.check(tmp_path) == ["note_v1.json"]
    assert schema.write(tmp_path) == ["note_v1.json"]
    assert (tmp_path / "note_v1.json").read_bytes() == schema.schemas()["note_v1.json"]


def test_a_schema_of_an_earlier_major_stays(tmp_path):
    (tmp_path / "research_record_v0.json").write_text("{}")
    schema.write(tmp_path)
    assert (tmp_path / "research_record_v0.json").exists()
