"""Take the schema of hashicorp/google for the resources in use out of a wheel; run by hand.

    pip download --no-deps --dest DIR cdktn-provider-google==21.1.0
    python -m infra.offline.extract_schema DIR/cdktn_provider_google-21.1.0-py3-none-any.whl

The wheel (MPL-2.0) is generated from the schema of hashicorp/google 8.7.0 (MPL-2.0). It states for
every attribute whether it is required, optional or computed, and for everything that can be
written in a configuration whether it is a block, and of what type.
"""

from __future__ import annotations

import io
import json
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

INFRA = Path(__file__).resolve().parent.parent
SCHEMA = Path(__file__).with_name("schema.json")
ORIGIN = (
    "The schema of hashicorp/google {version} (MPL-2.0) for the types used in this folder, "
    "extracted from the wheel cdktn-provider-google 21.1.0 (MPL-2.0) by extract_schema.py."
)
Json = dict[str, Any]

_USED = re.compile(r'^(resource|data) "(google_\w+)"', re.MULTILINE)
_FLAGS = re.compile(r"\s*// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)")
_CLASS = re.compile(r"class (\w+) extends cdktn\.(\w+)")
_WRITER = re.compile(r"function (\w+)ToHclTerraform\(")
_KEY = re.compile(r"\s+(\w+): \{$")
_KIND = re.compile(r'\s+(isBlock|type|storageClassType): "?(\w+)"?,')
_GETTER = re.compile(r"return (?:cdktn\.[\w.]+\(\s*)*this\.(get\w+)\(")
_NESTED = re.compile(r"= new (\w+)\(this, [\"']")
_MAP = re.compile(r"new cdktn\.(String|Boolean|Number)Map\(")
_SCALARS = {"string": "string", "number": "number", "boolean": "bool"}
_GETTERS: dict[str, Any] = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getNumberListAttribute": ["list", "number"],
    "getStringMapAttribute": ["map", "string"],
    "getBooleanMapAttribute": ["map", "bool"],
    "getNumberMapAttribute": ["map", "number"],
}
_ROOTS = ("TerraformResource", "TerraformDataSource", "TerraformProvider")


def types_in_use(folder: Path = INFRA) -> tuple[set[str], set[str]]:
    """Return the types of resources and of data sources that the folder's files name."""
    found = {
        match.groups()
        for f in sorted(folder.glob("*.tf"))
        for match in _USED.finditer(f.read_text())
    }
    resources = {name for kind, name in found if kind == "resource"}
    return resources, {name for kind, name in found if kind == "data"}


class Source:
    """One generated file of the wheel: the classes of one type, read as text."""

    def __init__(self, text: str) -> None:
        """Read every class's properties and every writer's table of attributes."""
        self.bases: dict[str, str] = {}
        self.classes: dict[str, Json] = {}
        self.writers: dict[str, Json] = {}
        properties: Json | None = None
        written: Json | None = None
        entry: Json = {}
        lines = text.splitlines()
        for number, line in enumerate(lines):
            if match := _CLASS.match(line):
                self.bases[match[1]] = match[2]
                properties, written = self.classes.setdefault(match[1], {}), None
            elif match := _WRITER.match(line):
                properties, written = None, self.writers.setdefault(match[1], {})
            elif line.strip().startswith("synthesizeHclAttributes("):
                properties, written = None, self.writers.setdefault("", {})
            elif properties is not None and (match := _FLAGS.match(line)):
                flags = [value == "true" for value in match.groups()[1:]]
                body = "\n".join(lines[number + 1 : number + 6])
                properties[match[1]] = {"flags": flags, "body": body}
            elif written is not None and (match := _KEY.match(line)):
                entry = written.setdefault(match[1], {})
            elif written is not None and (match := _KIND.match(line)):
                entry[match[1]] = match[2]

    def root(self) -> Json:
        """Return the block of the type itself."""
        name = next(name for name, base in self.bases.items() if base in _ROOTS)
        return self._block(name, "")

    def _block(self, name: str, writer: str) -> Json:
        block: Json = {"attributes": {}, "block_types": {}}
        for key, said in self.classes[name].items():
            computed, optional, required = said["flags"]
            written = self.writers.get(writer, {}).get(key, {})
            nested = _NESTED.search(said["body"])
            if nested and written.get("isBlock") == "true":
                block["block_types"][key] = self._nested(nested[1], written["type"], required)
                continue
            flags = {"required": required, "optional": optional, "computed": computed}
            kind = self._type(said["body"], written)
            block["attributes"][key] = {"type": kind, **{k: v for k, v in flags.items() if v}}
        return block

    def _nested(self, cls: str, kind: str, required: bool) -> Json:
        item = self._item(cls)
        writer = item.removesuffix("OutputReference")
        block = self._block(item, writer[0].lower() + writer[1:])
        if kind == "struct":
            return {"nesting": "single", "block": block}
        found: Json = {"nesting": "set" if kind == "set" else "list", "block": block}
        if not cls.endswith("List"):
            found["max_items"] = 1
        return {**found, "min_items": 1} if required else found

    def _item(self, cls: str) -> str:
        """Return the class that describes one item of a list's class."""
        item = f"{cls.removesuffix('List')}OutputReference"
        return item if cls.endswith("List") and item in self.classes else cls

    def _type(self, body: str, written: Json) -> Any:
        """Return the type of an attribute as Terraform writes it in JSON."""
        if written.get("type") == "simple":
            return _SCALARS.get(written["storageClassType"], "string")
        match = re.fullmatch(
            r"(string|number|boolean)(List|Map|Set)", written.get("storageClassType", "")
        )
        if match:
            outer = (
                written["type"] if written["type"] in {"set", "list", "map"} else match[2].lower()
            )
            return [outer, _SCALARS[match[1]]]
        if (getter := _GETTER.search(body)) and getter[1] in _GETTERS:
            return _GETTERS[getter[1]]
        if mapped := _MAP.search(body):
            return ["map", _SCALARS[mapped[1].lower()]]
        if (nested := _NESTED.search(body)) and self._item(nested[1]) in self.classes:
            parts = self.classes[self._item(nested[1])]
            return [
                "list",
                ["object", {key: self._type(said["body"], {}) for key, said in parts.items()}],
            ]
        return "dynamic"


def extract(wheel: Path, resources: set[str], data_sources: set[str]) -> Json:
    """Return the schema of these types and of the provider itself."""
    folders = {"provider": ("provider", "")}
    folders |= {
        name.removeprefix("google_").replace("_", "-"): ("resources", name) for name in resources
    }
    folders |= {f"data-{name.replace('_', '-')}": ("data_sources", name) for name in data_sources}
    found: Json = {"origin": "", "provider": {}, "resources": {}, "data_sources": {}}
    with zipfile.ZipFile(wheel) as archive:
        bundle = next(name for name in archive.namelist() if name.endswith(".tgz"))
        packed = io.BytesIO(archive.read(bundle))
    with tarfile.open(fileobj=packed) as sources:
        for folder, (kind, name) in sorted(folders.items()):
            member = sources.extractfile(f"package/lib/{folder}/index.js")
            assert member is not None
            text = member.read().decode()
            if kind == "provider":
                version = re.search(r"providerVersion: '([\d.]+)'", text)
                found["provider"] = Source(text).root()
            else:
                found[kind][name] = Source(text).root()
                version = re.search(r"providerVersion: '([\d.]+)'", text)
            if version:
                found["origin"] = ORIGIN.format(version=version[1])
    return found


def main(arguments: list[str]) -> int:
    """Write schema.json again, for the types that the folder's files name now."""
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        print("usage: python -m infra.offline.extract_schema WHEEL", file=sys.stderr)
        return 2
    schema = extract(Path(arguments[0]), *types_in_use())
    # One type a line: a diff then shows which type changed.
    text = json.dumps(schema, sort_keys=True, separators=(",", ":"))
    text = re.sub(r'(,?)("google_\w+":\{"attributes")', r"\1\n\2", text)
    SCHEMA.write_text(text + "\n")
    print(f"{len(schema['resources'])} resources, {len(schema['data_sources'])} data sources")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
