r"""The forms of a citation, each from its own specification. Pure.

| form | specification |
| --- | --- |
| bibtex | Patashnik, BibTeXing (1988); ``url``, ``version`` and ``doi`` as in biblatex |
| ris | RIS format of Research Information Systems, tags as Zotero and EndNote read them |
| csl-json | Citation Style Language 1.0.2, its input data |
| cff | Citation File Format 1.2.0 |
| datacite | DataCite metadata schema 4.5, as JSON |

What a record says is data in all of them: LaTeX's special characters are escaped, a value of RIS
stays on its line, YAML and JSON are written as JSON strings.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from labrec.citation.work import Author, Work


class Format(NamedTuple):
    """A form of citation.

    Attributes:
        title: What readers call it.
        suffix: What the name of its file ends in.
        write: Writes a work, as text that ends with a line break.
    """

    title: str
    suffix: str
    write: Callable[[Work], str]


_LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
        "%": r"\%", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    }
)  # fmt: skip
# an address is printed as it is; what would end its field cannot stand in it
_ADDRESS: Final = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})
_GENERAL: Final = {"lab": "Collection", "project": "Collection", "run": "Dataset",
                   "report": "Report"}  # fmt: skip
_SPECIFIC: Final = {"lab": "lab notebook", "project": "research project", "run": "research record",
                    "report": "report"}  # fmt: skip


def text(work: Work) -> str:
    """Return a citation for readers, one line."""
    names = ", ".join(one.name for one in work.authors)
    said = f"{names} ({work.issued.year}). {work.title}."
    if work.publisher not in work.title:
        said += f" {work.publisher}."
    if work.name or work.version:
        said += f" {work.name or work.version}."
    where = f"https://doi.org/{work.doi}" if work.doi else work.url
    return f"{said} {where}\n" if where else f"{said}\n"


def bibtex(work: Work) -> str:
    """Return an entry for BibTeX and biblatex."""
    fields = {
        "title": f"{{{work.title.translate(_LATEX)}}}",  # its capitals stay
        "author": " and ".join(_bibtex_name(one) for one in work.authors),
        "year": str(work.issued.year),
        "month": str(work.issued.month),
        "howpublished": work.publisher.translate(_LATEX),
        "note": work.name.translate(_LATEX),
        "version": work.version.translate(_LATEX),
        "doi": work.doi.translate(_ADDRESS),
        "url": work.url.translate(_ADDRESS),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{work.key},", *lines, "}", ""])


def _bibtex_name(one: Author) -> str:
    name = one.name.translate(_LATEX)
    # BibTeX takes commas, the word "and" and lower-case words for parts of a name
    is_plain = one.person and "," not in name and " and " not in name.lower() and "\\" not in name
    return name if is_plain else f"{{{name}}}"


def ris(work: Work) -> str:
    """Return an entry in RIS."""
    fields = [
        ("TY", "RPRT" if work.kind == "report" else "DATA"),
        *(("AU", one.name) for one in work.authors),
        ("TI", work.title),
        ("PY", str(work.issued.year)),
        ("DA", f"{work.issued:%Y/%m/%d}"),
        ("PB", work.publisher),
        ("AN", work.name),
        ("ET", work.version),
        ("DO", work.doi),
        ("UR", work.url),
    ]
    lines = [f"{tag}  - {value}" for tag, value in fields if value]
    return "\n".join([*lines, "ER  - ", ""])


def csl_json(work: Work) -> str:
    """Return a list of one item for citation processors."""
    item = {
        "id": work.key,
        "type": "report" if work.kind == "report" else "dataset",
        "title": work.title,
        "author": [{"literal": one.name} for one in work.authors],
        "issued": {"date-parts": [[work.issued.year, work.issued.month, work.issued.day]]},
        "publisher": work.publisher,
        "number": work.name,
        "version": work.version,
        "DOI": work.doi,
        "URL": work.url,
    }
    return _json([{name: value for name, value in item.items() if value}])


def cff(work: Work) -> str:
    """Return a ``CITATION.cff``."""
    fields: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "Please cite it by these data.",
        "type": "dataset",
        "title": work.title,
        "authors": [{"name": one.name} for one in work.authors],
        "date-released": f"{work.issued:%Y-%m-%d}",
        "version": work.version,
        "doi": work.doi,
        "url": work.url,
        "identifiers": [
            {"type": "other", "value": work.name, "description": "Its name in the lab of labrec"}
        ]
        if work.name
        else [],
    }
    lines: list[str] = []
    for name, value in fields.items():
        if isinstance(value, list) and value:
            lines.append(f"{name}:")
            for entry in value:
                marks = ["- ", *["  "] * (len(entry) - 1)]
                lines += [
                    f"  {mark}{key}: {_quoted(text)}"
                    for mark, (key, text) in zip(marks, entry.items(), strict=True)
                ]
        elif value:
            lines.append(f"{name}: {_quoted(value)}")
    return "\n".join([*lines, ""])


def datacite(work: Work) -> str:
    """Return the metadata that DataCite asks of somebody who registers a DOI."""
    fields: dict[str, Any] = {
        "schemaVersion": "http://datacite.org/schema/kernel-4",
        "doi": work.doi,
        "url": work.url,
        "types": {
            "resourceTypeGeneral": _GENERAL[work.kind],
            "resourceType": _SPECIFIC[work.kind],
        },
        "titles": [{"title": work.title}],
        "creators": [
            {"name": one.name, "nameType": "Personal" if one.person else "Organizational"}
            for one in work.authors
        ],
        "publisher": {"name": work.publisher},
        "publicationYear": f"{work.issued.year:04}",
        "dates": [{"date": f"{work.issued:%Y-%m-%d}", "dateType": "Created"}],
        "version": work.version,
        "alternateIdentifiers": [
            {"alternateIdentifier": work.name, "alternateIdentifierType": "labrec"}
        ]
        if work.name
        else [],
        "relatedIdentifiers": [
            {
                "relatedIdentifier": work.part_of,
                "relatedIdentifierType": "URL",
                "relationType": "IsPartOf",
            }
        ]
        if work.part_of
        else [],
    }
    return _json({name: value for name, value in fields.items() if value})


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _quoted(value: str) -> str:
    # a JSON string is a string of YAML: no text can become a tag, an anchor or another key
    return json.dumps(value, ensure_ascii=False)


FORMATS: Final[dict[str, Format]] = {
    "text": Format("Text", ".txt", text),
    "bibtex": Format("BibTeX", ".bib", bibtex),
    "ris": Format("RIS", ".ris", ris),
    "csl-json": Format("CSL-JSON", ".csl.json", csl_json),
    "cff": Format("CITATION.cff", ".cff", cff),
    "datacite": Format("DataCite", ".datacite.json", datacite),
}
"""Every form by the name that ``labrec cite --format`` takes."""
