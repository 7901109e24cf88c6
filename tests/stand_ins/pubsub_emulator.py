"""Google's own Pub/Sub emulator, where this machine has it."""

from __future__ import annotations

from typing import Any

import requests

from tests.stand_ins.gcloud import jar
from tests.stand_ins.process import StandIn

PUBSUB = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"


class PubsubEmulator(StandIn):
    """One emulator, with its messages in memory."""

    def command(self) -> list[str]:
        """Return what to run."""
        return ["java", "-jar", str(jar(PUBSUB)), "--host=127.0.0.1", f"--port={self.port}"]

    def create_topic(self, project: str, topic: str) -> None:
        """Create a topic."""
        self._put(f"projects/{project}/topics/{topic}", {})

    def push(self, project: str, topic: str, name: str, endpoint: str) -> None:
        """Create a subscription that posts every message to a URL until it is acknowledged."""
        body = {
            "topic": f"projects/{project}/topics/{topic}",
            "pushConfig": {"pushEndpoint": endpoint},
            "ackDeadlineSeconds": 60,
            "retryPolicy": {"minimumBackoff": "1s", "maximumBackoff": "5s"},
        }
        self._put(f"projects/{project}/subscriptions/{name}", body)

    def _put(self, path: str, body: dict[str, Any]) -> None:
        answer = requests.put(f"http://127.0.0.1:{self.port}/v1/{path}", json=body, timeout=30)
        answer.raise_for_status()
