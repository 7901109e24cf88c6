"""The stand-in for Google's provider, and where its schema comes from."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra.offline import extract_schema
from infra.offline.terraform import Workspace
from tests.infra.conftest import CHOSEN

#: A type of the wheel, cut down to one of each: text, number, list, map, block, list of objects.
THING = """
class ThingRuleOutputReference extends cdktn.ComplexObject {
    // age - computed: false, optional: false, required: true
    get age() {
        return this.getNumberAttribute('age');
    }
}
class ThingRuleList extends cdktn.ComplexList {
}
class ThingModeOutputReference extends cdktn.ComplexObject {
    // on - computed: true, optional: true, required: false
    get on() {
        return this.getBooleanAttribute('on');
    }
}
class ThingStateOutputReference extends cdktn.ComplexObject {
    // word - computed: true, optional: false, required: false
    get word() {
        return this.getStringAttribute('word');
    }
}
class ThingStateList extends cdktn.ComplexList {
}
class Thing extends cdktn.TerraformResource {
    providerVersion: '8.7.0',
    // labels - computed: false, optional: true, required: false
    get labels() {
        return this.getStringMapAttribute('labels');
    }
    // name - computed: false, optional: false, required: true
    get name() {
        return this.getStringAttribute('name');
    }
    // tags - computed: false, optional: true, required: false
    get tags() {
        return cdktn.Fn.tolist(this.getListAttribute('tags'));
    }
    // state - computed: true, optional: false, required: false
    _state = new ThingStateList(this, "state", false);
    // mode - computed: false, optional: false, required: true
    _mode = new ThingModeOutputReference(this, "mode");
    // rule - computed: false, optional: true, required: false
    _rule = new ThingRuleList(this, "rule", false);
    synthesizeHclAttributes() {
            labels: {
                isBlock: false,
                type: "map",
                storageClassType: "stringMap",
            },
            name: {
                isBlock: false,
                type: "simple",
                storageClassType: "string",
            },
            tags: {
                isBlock: false,
                type: "set",
                storageClassType: "stringList",
            },
            mode: {
                isBlock: true,
                type: "list",
                storageClassType: "ThingModeList",
            },
            rule: {
                isBlock: true,
                type: "list",
                storageClassType: "ThingRuleList",
            },
    }
}
function thingRuleToHclTerraform(struct) {
        age: {
            isBlock: false,
            type: "simple",
            storageClassType: "number",
        },
}
"""


def wheel(place: Path, **files: str) -> Path:
    """Make a wheel with these files of the generated library."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for folder, text in files.items():
            entry = tarfile.TarInfo(f"package/lib/{folder}/index.js")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    with zipfile.ZipFile(place / "x.whl", "w") as outer:
        outer.writestr("x/_jsii/provider.jsii.tgz", packed.getvalue())
    return place / "x.whl"


def test_a_schema_is_read_off_the_generated_library(tmp_path: Path) -> None:
    provider = "class GoogleProvider extends cdktn.TerraformProvider {\n}\n"
    file = wheel(tmp_path, provider=provider, thing=THING)
    found = extract_schema.extract(file, {"google_thing"}, set())
    assert "hashicorp/google 8.7.0" in found["origin"]
    thing = found["resources"]["google_thing"]
    state = ["list", ["object", {"word": "string"}]]
    assert thing["attributes"] == {
        "labels": {"type": ["map", "string"], "optional": True},
        "name": {"type": "string", "required": True},
        "tags": {"type": ["set", "string"], "optional": True},
        "state": {"type": state, "computed": True},
    }
    assert thing["block_types"]["mode"]["max_items"] == 1
    assert thing["block_types"]["mode"]["min_items"] == 1
    assert "max_items" not in thing["block_types"]["rule"]
    rule = thing["block_types"]["rule"]["block"]["attributes"]
    assert rule == {"age": {"type": "number", "required": True}}


def test_without_a_wheel_the_way_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert extract_schema.main([]) == 2
    assert "WHEEL" in capsys.readouterr().err


def values(plan: dict[str, Any], address: str) -> dict[str, Any]:
    resources = plan["planned_values"]["root_module"]["resources"]
    found: dict[str, Any] = next(r["values"] for r in resources if r["address"] == address)
    return found


def test_what_the_real_provider_knows_while_it_plans_is_known(planned: dict[str, Any]) -> None:
    account = values(planned, 'google_service_account.caller["tick-caller"]')
    assert account["email"] == "tick-caller@offline-project.iam.gserviceaccount.com"
    assert values(planned, "google_storage_bucket.media")["project"] == "offline-project"


def test_what_only_google_could_say_stays_unknown(planned: dict[str, Any]) -> None:
    change = next(
        change["change"]
        for change in planned["resource_changes"]
        if change["address"] == "google_storage_bucket.media"
    )
    assert change["after_unknown"]["self_link"] is True
    assert "self_link" not in change["after"]


def test_the_project_is_the_one_that_was_chosen(ours: Workspace) -> None:
    plan = ours.plan({**CHOSEN, "project": "another-project"})
    account = values(plan, 'google_service_account.service["on-object"]')
    assert account["email"] == "on-object@another-project.iam.gserviceaccount.com"
    assert "offline-project." not in json.dumps(plan["planned_values"])
