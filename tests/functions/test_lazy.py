"""What a function does not need is not imported: a start in the cloud would pay for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.house.source import ROOT

#: Libraries that no function needs to answer its first call.
UNWANTED = ("boto3", "botocore", "rich", "PIL", "pytest")
LOAD = """
import sys
import main

getattr(main, sys.argv[1])
print(*[name for name in sys.argv[2:] if name in sys.modules])
"""


@pytest.mark.parametrize("name", ["on_object", "on_step", "on_tick", "studio_api"])
def test_a_function_starts_without_what_it_does_not_need(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOAD, name, *UNWANTED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
