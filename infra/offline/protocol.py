"""Terraform's plugin protocol, version 6: just the messages that a plan needs.

Called by ``provider.py``. The messages are described here and made by protobuf when this module is
imported; fields that are not described are skipped by protobuf itself.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "tfplugin6"
_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "bytes": _Field.TYPE_BYTES,
    "string": _Field.TYPE_STRING,
    "bool": _Field.TYPE_BOOL,
    "int": _Field.TYPE_INT64,
    "enum": _Field.TYPE_INT32,  # the same on the wire, and no names are needed
}
#: Message → its fields, each "name number type"; ``*`` marks a list, ``{}`` a map from strings.
_MESSAGES: dict[str, tuple[str, ...]] = {
    "DynamicValue": ("msgpack 1 bytes", "json 2 bytes"),
    "Diagnostic": ("severity 1 enum", "summary 2 string", "detail 3 string"),
    "RawState": ("json 1 bytes",),
    "ServerCapabilities": ("plan_destroy 1 bool",),
    "Attribute": (
        "name 1 string",
        "type 2 bytes",
        "required 4 bool",
        "optional 5 bool",
        "computed 6 bool",
    ),
    "NestedBlock": (
        "type_name 1 string",
        "block 2 Block",
        "nesting 3 enum",
        "min_items 4 int",
        "max_items 5 int",
    ),
    "Block": ("version 1 int", "attributes 2 Attribute*", "block_types 3 NestedBlock*"),
    "Schema": ("version 1 int", "block 2 Block"),
    "Empty": (),
    "Diagnosed": ("diagnostics 1 Diagnostic*",),
    "ProviderDiagnosed": ("diagnostics 2 Diagnostic*",),
    "SchemaResponse": (
        "provider 1 Schema",
        "resource_schemas 2 Schema{}",
        "data_source_schemas 3 Schema{}",
        "server_capabilities 6 ServerCapabilities",
    ),
    "ConfigureRequest": ("terraform_version 1 string", "config 2 DynamicValue"),
    "UpgradeRequest": ("type_name 1 string", "raw_state 3 RawState"),
    "UpgradeResponse": ("upgraded_state 1 DynamicValue",),
    "ReadRequest": ("type_name 1 string", "current_state 2 DynamicValue"),
    "ReadResponse": ("new_state 1 DynamicValue", "diagnostics 2 Diagnostic*"),
    "PlanRequest": (
        "type_name 1 string",
        "prior_state 2 DynamicValue",
        "proposed_new_state 3 DynamicValue",
        "config 4 DynamicValue",
    ),
    "PlanResponse": ("planned_state 1 DynamicValue", "diagnostics 4 Diagnostic*"),
    "ApplyResponse": ("new_state 1 DynamicValue", "diagnostics 3 Diagnostic*"),
    "DataRequest": ("type_name 1 string", "config 2 DynamicValue"),
    "DataResponse": ("state 1 DynamicValue", "diagnostics 2 Diagnostic*"),
}
#: Method → request, response.
METHODS: dict[str, tuple[str, str]] = {
    "GetMetadata": ("Empty", "Empty"),
    "GetProviderSchema": ("Empty", "SchemaResponse"),
    "ValidateProviderConfig": ("Empty", "ProviderDiagnosed"),
    "ValidateResourceConfig": ("Empty", "Diagnosed"),
    "ValidateDataResourceConfig": ("Empty", "Diagnosed"),
    "ConfigureProvider": ("ConfigureRequest", "Diagnosed"),
    "UpgradeResourceState": ("UpgradeRequest", "UpgradeResponse"),
    "ReadResource": ("ReadRequest", "ReadResponse"),
    "PlanResourceChange": ("PlanRequest", "PlanResponse"),
    "ApplyResourceChange": ("Empty", "ApplyResponse"),
    "ReadDataSource": ("DataRequest", "DataResponse"),
    "GetFunctions": ("Empty", "Empty"),
    "StopProvider": ("Empty", "Empty"),
}
NESTING = {"single": 1, "list": 2, "set": 3}
ERROR = 1


def _described() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="brandcast/tfplugin6.proto", package=PACKAGE, syntax="proto3"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for text in fields:
            field, number, kind = text.split()
            _describe(message, field, int(number), kind)
    return file


def _describe(message: Any, name: str, number: int, kind: str) -> None:
    plain = kind.rstrip("*{}")
    field = message.field.add(name=name, number=number)
    field.label = _Field.LABEL_REPEATED if plain != kind else _Field.LABEL_OPTIONAL
    if plain in _SCALARS:
        field.type = _SCALARS[plain]
        return
    field.type, field.type_name = _Field.TYPE_MESSAGE, f".{PACKAGE}.{plain}"
    if kind.endswith("{}"):
        entry = message.nested_type.add(name=_entry(name))
        entry.options.map_entry = True
        _describe(entry, "key", 1, "string")
        _describe(entry, "value", 2, plain)
        field.type_name = f".{PACKAGE}.{message.name}.{_entry(name)}"


def _entry(field: str) -> str:
    """Return what protobuf wants the entries of a map field to be called."""
    return "".join(part.capitalize() for part in field.split("_")) + "Entry"


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_described())


def message(name: str) -> Any:
    """Return the class of a message."""
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
