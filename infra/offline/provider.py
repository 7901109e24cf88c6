"""A stand-in for Google's Terraform provider: it has the real schema and no cloud behind it.

Terraform checks every attribute and block against the schema, expands what the files say, and
gets a plan in which nothing exists yet. What the real provider knows while it plans is known here
too; ids that follow from a resource's own arguments are filled in, so that a plan can be followed
from a bucket to the role of the account that its events lead to. Nothing can be applied.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import msgpack

from infra.offline.protocol import ERROR, METHODS, NESTING, PACKAGE, message

Json = dict[str, Any]
SCHEMA = Path(__file__).with_name("schema.json")
#: How Terraform names the provider.
ADDRESS = "hashicorp/google"
PROJECT, PROJECT_NUMBER = "offline-project", "123456789012"
#: A value that is known only after the apply, as Terraform writes it.
_UNKNOWN = msgpack.ExtType(0, b"\x00")
#: What Google answers about a project, for the project of the plan.
_ANSWERS: dict[str, Json] = {
    "google_project": {"number": PROJECT_NUMBER},
    "google_storage_project_service_account": {
        "email_address": f"service-{PROJECT_NUMBER}@gs-project-accounts.iam.gserviceaccount.com"
    },
}
_EMAIL = "{account_id}@{project}.iam.gserviceaccount.com"
#: Type → attributes that follow from its arguments, as Google forms them.
_FORMED: dict[str, dict[str, str]] = {
    "google_service_account": {
        "email": _EMAIL,
        "member": f"serviceAccount:{_EMAIL}",
        "name": f"projects/{{project}}/serviceAccounts/{_EMAIL}",
        "id": f"projects/{{project}}/serviceAccounts/{_EMAIL}",
    },
    "google_pubsub_topic": {"id": "projects/{project}/topics/{name}"},
    "google_pubsub_subscription": {"id": "projects/{project}/subscriptions/{name}"},
    "google_cloud_tasks_queue": {"id": "projects/{project}/locations/{location}/queues/{name}"},
    "google_cloud_run_v2_service": {
        "id": "projects/{project}/locations/{location}/services/{name}"
    },
    "google_project_iam_custom_role": {
        "id": "projects/{project}/roles/{role_id}",
        "name": "projects/{project}/roles/{role_id}",
    },
    "google_firestore_database": {"id": "projects/{project}/databases/{name}"},
    "google_secret_manager_secret": {"id": "projects/{project}/secrets/{secret_id}"},
    "google_artifact_registry_repository": {
        "id": "projects/{project}/locations/{location}/repositories/{repository_id}",
        "name": "{repository_id}",
    },
    "google_storage_bucket": {"id": "{name}"},
}


class Provider:
    """Answers what Terraform asks of a provider."""

    def __init__(self, schema: Json) -> None:
        """Serve this schema."""
        self._schema = schema
        self._project = PROJECT

    def answer(self, method: str, request: Any) -> Any:
        """Return the response of a method of the protocol."""
        known: dict[str, Callable[[Any], Any]] = {
            "GetProviderSchema": self._schemas,
            "ConfigureProvider": self._configure,
            "UpgradeResourceState": self._upgrade,
            "ReadResource": lambda asked: message("ReadResponse")(new_state=asked.current_state),
            "PlanResourceChange": self._plan,
            "ApplyResourceChange": _refuse,
            "ReadDataSource": self._read,
        }
        return known[method](request) if method in known else message(METHODS[method][1])()

    def _schemas(self, request: Any) -> Any:
        del request
        return message("SchemaResponse")(
            provider=_schema(self._schema["provider"]),
            resource_schemas={k: _schema(v) for k, v in self._schema["resources"].items()},
            data_source_schemas={k: _schema(v) for k, v in self._schema["data_sources"].items()},
        )

    def _configure(self, request: Any) -> Any:
        self._project = _decoded(request.config).get("project") or PROJECT
        return message("Diagnosed")()

    def _upgrade(self, request: Any) -> Any:
        state = message("DynamicValue")(json=request.raw_state.json)
        return message("UpgradeResponse")(upgraded_state=state)

    def _plan(self, request: Any) -> Any:
        value = _decoded(request.proposed_new_state)
        if value is not None:
            _leave_unknown(self._schema["resources"][request.type_name], value)
            if value.get("project") == _UNKNOWN:
                value["project"] = self._project  # the real one knows it while it plans, too
            given = {key: part for key, part in value.items() if isinstance(part, str)}
            for key, form in _FORMED.get(request.type_name, {}).items():
                value[key] = form.format(**given)
        return message("PlanResponse")(planned_state=_encoded(value))

    def _read(self, request: Any) -> Any:
        value = _decoded(request.config)
        value |= _ANSWERS.get(request.type_name, {})
        return message("DataResponse")(state=_encoded(value))


def _refuse(request: Any) -> Any:
    del request
    why = message("Diagnostic")(
        severity=ERROR,
        summary="This is the offline stand-in",
        detail="It plans and checks; only Google's own provider can create anything.",
    )
    return message("ApplyResponse")(diagnostics=[why])


def _schema(block: Json) -> Any:
    return message("Schema")(block=_block(block))


def _block(block: Json) -> Any:
    attributes = [
        message("Attribute")(
            name=name,
            type=json.dumps(said["type"]).encode(),
            **{flag: said[flag] for flag in ("required", "optional", "computed") if flag in said},
        )
        for name, said in sorted(block["attributes"].items())
    ]
    nested = [
        message("NestedBlock")(
            type_name=name,
            block=_block(said["block"]),
            nesting=NESTING[said["nesting"]],
            min_items=said.get("min_items", 0),
            max_items=said.get("max_items", 0),
        )
        for name, said in sorted(block["block_types"].items())
    ]
    return message("Block")(attributes=attributes, block_types=nested)


def _leave_unknown(block: Json, value: Json) -> None:
    """Mark everything that only Google could fill in as known after the apply."""
    for name, said in block["attributes"].items():
        if said.get("computed") and value.get(name) is None:
            value[name] = _UNKNOWN
    for name, said in block["block_types"].items():
        found = value.get(name)
        for item in found if isinstance(found, list) else [found]:
            if isinstance(item, dict):
                _leave_unknown(said["block"], item)


def _decoded(value: Any) -> Any:
    return msgpack.unpackb(value.msgpack) if value.msgpack else json.loads(value.json or "null")


def _encoded(value: Any) -> Any:
    return message("DynamicValue")(msgpack=msgpack.packb(value))


@contextmanager
def serving(schema: Path = SCHEMA) -> Iterator[dict[str, str]]:
    """Serve the provider until the block ends; yield the environment that Terraform needs."""
    provider = Provider(json.loads(schema.read_text()))

    def handler(method: str) -> Any:
        asked, answered = METHODS[method]
        return grpc.unary_unary_rpc_method_handler(
            lambda request, _: provider.answer(method, request),
            request_deserializer=message(asked).FromString,
            response_serializer=message(answered).SerializeToString,
        )

    handlers = {method: handler(method) for method in METHODS}
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(f"{PACKAGE}.Provider", handlers),)
    )
    with tempfile.TemporaryDirectory(prefix="tf") as folder:
        socket = f"{folder}/s"  # short: the path of a socket has a limit
        server.add_insecure_port(f"unix:{socket}")
        server.start()
        attach = {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": 1,
            "Test": True,
            "Addr": {"Network": "unix", "String": socket},
        }
        try:
            yield {"TF_REATTACH_PROVIDERS": json.dumps({ADDRESS: attach})}
        finally:
            server.stop(grace=None).wait()
