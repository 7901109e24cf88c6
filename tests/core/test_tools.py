"""Tools: each is known by its name, and each time limit outlasts the one inside it."""

from __future__ import annotations

import pytest

from lib.core.tools import QUEUES, TOOLS, Tool, ladder


@pytest.mark.parametrize("queue", QUEUES)
def test_each_time_limit_of_a_queue_ends_after_the_one_inside_it(queue: str) -> None:
    limits = ladder(queue)
    rungs = [limits.tool_s, limits.request_s, limits.dispatch_s, limits.lease_s]
    assert rungs == sorted(set(rungs))
    tools = [tool for tool in TOOLS.values() if tool.queue == queue]
    assert max(tool.deadline_s for tool in tools) == limits.tool_s
    assert {tool.patience_s for tool in tools} == {limits.lease_s}


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_a_tool_is_known_by_its_name_and_its_patience_exceeds_its_deadline(tool: Tool) -> None:
    assert TOOLS[tool.name] is tool
    assert tool.queue in QUEUES
    assert tool.version >= 1
    assert tool.patience_s > tool.deadline_s > 0
