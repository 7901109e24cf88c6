"""``burst``, ``watch``, ``jobs`` and ``job``: make content and see how it stands."""

from __future__ import annotations

import argparse
import time
from typing import Any

from lib import logs
from lib.cli.client import Client, connect, settings_for
from lib.cli.output import emit, say, seconds, sign, table
from lib.cli.progress import POLL_S, closing, follow, result
from lib.crew import PROGRAM
from lib.embedded import running
from lib.wiring import parts


def burst(args: argparse.Namespace) -> int:
    """Start a burst; with ``--wait`` return 1 unless every work of it is ready."""
    settings = settings_for(args.data)
    client = connect(settings)
    if client.local is None:
        return _burst(args, client, list(parts.brands(settings).slugs()))
    logs.write_to(settings.data / "studio.log")
    try:
        slugs = list(client.local.studio.brands.slugs())
        if not args.wait:
            return _burst(args, client, slugs)
        with running(client.local, program=PROGRAM):
            return _burst(args, client, slugs)
    finally:
        client.close()


def _burst(args: argparse.Namespace, client: Client, slugs: list[str]) -> int:
    brands = [b.strip() for b in args.brands.split(",") if b.strip()] if args.brands else slugs
    wanted: dict[str, Any] = {"kind": args.kind, "brands": brands}
    if args.posts is not None or args.reels is not None:
        wanted |= {"posts": args.posts or 0, "reels": args.reels or 0}
    made = client.post("/bursts", wanted)
    if not args.wait:
        if args.json:
            emit({"burst_id": made["id"], "phase": made["phase"]})
        else:
            say(f"{made['id']} is on its way. ./brandcast watch shows it.")
            if client.local:
                say("No studio is running here: ./brandcast up carries it out.")
        return 0
    end = follow(client, made["id"], quiet=args.json)
    if args.json:
        emit(result(end))
    else:
        say(f"Done: {closing(end)}. ./brandcast verify checks it.")
    return 0 if end["phase"] == "complete" else 1


def watch(args: argparse.Namespace) -> int:
    """Show what is being made until nothing is; return 1 when something failed."""
    client = connect(settings_for(args.data))
    try:
        while True:
            status = client.get("/status")
            if args.json:
                emit(status)
            if args.once or not status["burst_id"]:
                break
            if args.json:
                time.sleep(POLL_S * 2)
            else:
                say(f"Done: {closing(follow(client, status['burst_id']))}.")
        if not args.json:
            _say_status(status)
        return 1 if status["attention"] else 0
    finally:
        client.close()


def _say_status(status: dict[str, Any]) -> None:
    today = status["today"]
    say(f"{status['phase_label']}. Today: {today['ready']} of {today['works']} works ready.")
    for item in status["attention"]:
        say(f"  needs you: {item['id']}  {item['title']}  {'; '.join(item['reasons'])}")


def jobs(args: argparse.Namespace) -> int:
    """List the works; with ``--failed`` return 1 when there are any."""
    client = connect(settings_for(args.data))
    try:
        query = {"state": "failed"} if args.failed else {}
        found = client.get("/jobs", limit=500, **query)
    finally:
        client.close()
    if args.json:
        emit(found)
    elif not found:
        say("Nothing failed." if args.failed else "No works yet. ./brandcast burst makes some.")
    else:
        rows = [
            [
                sign(job["phase"]) + " " + job["phase"],
                job["kind"],
                job["brand"],
                f"{job['files_verified']}/{job['files_required']}",
                seconds(job["elapsed_s"]),
                job["id"],
                job["title"],
            ]
            for job in found
        ]
        table(["state", "kind", "brand", "files", "took", "id", "title"], rows)
    return 1 if args.failed and found else 0


def job(args: argparse.Namespace) -> int:
    """Show one work, or retry a step of it; return 1 when it needs a person."""
    settings = settings_for(args.data)
    client = connect(settings)
    try:
        if args.retry:
            found = client.post(f"/jobs/{args.id}/retry", {"step": args.retry})
        else:
            found = client.get(f"/jobs/{args.id}")
    finally:
        client.close()
    if args.json:
        emit(found)
    else:
        _say_job(found, client)
    return 1 if found["phase"] in ("failed", "partial", "unsure") else 0


def _say_job(job: dict[str, Any], client: Client) -> None:
    say(f"{job['title'] or job['id']}  ({job['kind']} for {job['brand']})")
    say(f"  {sign(job['phase'])} {job['phase']}, {job['files_verified']}/{job['files_required']}")
    for step in job["steps"]:
        tries = len([a for a in step["attempts"] if a["started_at"]])
        say(f"  step {step['key']:<12}{step['state']:<9}{tries} attempts  {step['reason']}")
    for artifact in job["artifacts"]:
        why = f"  {artifact['reason']}" if artifact["reason"] else ""
        say(f"  {artifact['state']:<11}{artifact['slot']:<18}{artifact['object']}{why}")
    broken = [step["key"] for step in job["steps"] if step["can_retry"]]
    if broken:
        say(f"Try again: ./brandcast job {job['id']} --retry {broken[0]}")
    elif client.local and job["active"]:
        say("No studio is running here: ./brandcast up carries it on.")
