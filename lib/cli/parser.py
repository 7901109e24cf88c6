"""The command line's words: every command, its options and its help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001
FORMATS = ("square", "4x5", "9x16", "16x9")
KINDS = ("test", "smart", "daily")
EPILOG = "Exit codes: 0 good, 1 problems found, 2 could not run."


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command and its options; ``test`` keeps whatever it has no word for, for pytest.

    Exits with 2 and a sentence when the words make no command.
    """
    parser = build_parser()
    args, rest = parser.parse_known_args(arguments)
    if args.command == "test":
        args.pytest = rest
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return args


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="brandcast",
        description="A media studio that cannot be stuck and cannot lie.",
        epilog=EPILOG,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = _common()
    _studio_commands(commands, common)
    _content_commands(commands, common)
    _template_commands(commands, common)
    _care_commands(commands, common)
    _deploy_commands(commands, common)
    return parser


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON for scripts")
    common.add_argument("--data", type=Path, metavar="DIR", help="the studio's data folder")
    return common


def _studio_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    up = commands.add_parser(
        "up", parents=[common], help="start the studio and make a first burst", epilog=EPILOG
    )
    up.add_argument("--port", type=_port, metavar="N", help="port of the API (default 8080)")
    up.add_argument("--no-demo", action="store_true", help="do not make the demo burst")
    up.add_argument("--fresh", action="store_true", help="put the old data aside and start anew")
    up.add_argument("--once", action="store_true", help="stop when everything is made")
    watch = commands.add_parser(
        "watch", parents=[common], help="watch what is being made until it is done"
    )
    watch.add_argument("--once", action="store_true", help="print the state once and stop")


def _content_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    burst = commands.add_parser("burst", parents=[common], help="make content for brands")
    burst.add_argument("--kind", choices=KINDS, default="test", help="why it is made")
    burst.add_argument("--brands", metavar="A,B", help="slugs, comma-separated (default: all)")
    burst.add_argument("--posts", type=_count, metavar="N", help="posts for each brand")
    burst.add_argument("--reels", type=_count, metavar="N", help="reels for each brand")
    burst.add_argument("--wait", action="store_true", help="wait until everything is settled")
    jobs = commands.add_parser("jobs", parents=[common], help="list the works")
    jobs.add_argument("--failed", action="store_true", help="only those that need a person")
    job = commands.add_parser("job", parents=[common], help="show one work, or retry a step of it")
    job.add_argument("id", metavar="ID", type=_id)
    job.add_argument("--retry", metavar="STEP", help="try a failed step again, keep what is made")


def _template_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    commands.add_parser(
        "templates", parents=[common], help="list the templates and name what is wrong with any"
    )
    preview = commands.add_parser(
        "preview", parents=[common], help="draw a template's contact sheet for a brand"
    )
    preview.add_argument("template", metavar="TEMPLATE", nargs="?", help="its name, or posts/name")
    preview.add_argument("--all", action="store_true", help="one page of all templates")
    preview.add_argument("--brand", metavar="B", help="whose look and facts (default: the first)")
    preview.add_argument("--format", choices=FORMATS, help="only this format (default: all four)")
    preview.add_argument("--out", type=Path, metavar="FILE", help="where to write it, as PNG")


def _care_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    verify = commands.add_parser(
        "verify", parents=[common], help="fetch and decode every object that is called ready"
    )
    verify.add_argument("id", metavar="ID", nargs="?", type=_id, help="only this work")
    reconcile = commands.add_parser(
        "reconcile", parents=[common], help="hold every record against the bucket"
    )
    reconcile.add_argument("--dry-run", action="store_true", help="only say what is wrong")
    reconcile.add_argument(
        "--accept-losses",
        action="store_true",
        help="correct the records even though very many files are gone, and make those anew",
    )
    commands.add_parser(
        "audit", parents=[common], help="ask every invariant of the records; changes nothing"
    )
    _sweep_command(commands, common)
    _migrate_command(commands, common)
    _cost_command(commands, common)
    commands.add_parser("doctor", parents=[common], help="check this machine and this studio")
    brands = commands.add_parser("brands", help="look after the brand kits")
    actions = brands.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("check", parents=[common], help="read every kit and name what is wrong")
    commands.add_parser(
        "test",
        help="install the test tools and run everything",
        usage="brandcast test [ARGUMENTS OF PYTEST]",
    )
    bench = commands.add_parser("bench", parents=[common], help="measure against a peer or limit")
    bench.add_argument("--seconds", type=_whole, metavar="S", help="reel: its length")
    bench.add_argument("name", metavar="NAME", help="one of those in tests/bench")
    bench.add_argument("--full", action="store_true", help="reconcile: a million projects as well")
    sim = commands.add_parser(
        "sim", parents=[common], help="simulate the studio in a world where everything fails"
    )
    sim.add_argument("--seeds", type=_many, default=200, metavar="N", help="how many worlds")
    sim.add_argument("--start", type=_whole, default=0, metavar="SEED", help="the first seed")
    sim.add_argument("--minutes", type=_whole, default=30, metavar="M", help="of faults in each")
    sim.add_argument(
        "--shrink", type=_whole, metavar="SEED", help="find the fewest faults a seed fails by"
    )


def _deploy_commands(commands: Commands, common: argparse.ArgumentParser) -> None:
    deploy = commands.add_parser("deploy", help="what is deployed, and what a deploy would do")
    actions = deploy.add_subparsers(dest="action", required=True, metavar="ACTION")
    constants = actions.add_parser(
        "constants", parents=[common], help="print what Terraform takes from the code"
    )
    constants.add_argument("--write", action="store_true", help="write it where Terraform reads it")
    actions.add_parser(
        "plan", parents=[common], help="plan with no account: what would be created, who calls whom"
    )
    release = actions.add_parser(
        "release", parents=[common], help="tell whether a plan only changes what the services run"
    )
    release.add_argument("file", metavar="FILE", type=Path, help="terraform show -json PLAN")


def _sweep_command(commands: Commands, common: argparse.ArgumentParser) -> None:
    sweep = commands.add_parser(
        "sweep", parents=[common], help="count what the bucket holds, and remove what may go"
    )
    sweep.add_argument("--dry-run", action="store_true", help="only say what would go, and why")
    sweep.add_argument(
        "--restore", type=_path, metavar="PATH", help="take an object out of quarantine again"
    )
    sweep.add_argument(
        "--past-limit",
        action="store_true",
        help="let a large part of a brand go: only when you know why",
    )


def _cost_command(commands: Commands, common: argparse.ArgumentParser) -> None:
    cost = commands.add_parser(
        "cost", parents=[common], help="what so many brands cost on Google Cloud"
    )
    cost.add_argument("--brands", type=_many, required=True, metavar="N", help="how many brands")
    cost.add_argument("--posts", type=_count, default=2, metavar="N", help="a day, for each")
    cost.add_argument("--reels", type=_count, default=6, metavar="N", help="a day, for each")
    cost.add_argument("--seconds", type=int, choices=(10, 30), default=30, help="of a reel")


def _migrate_command(commands: Commands, common: argparse.ArgumentParser) -> None:
    migrate = commands.add_parser(
        "migrate", parents=[common], help="bring in an older studio's bucket, checked file by file"
    )
    migrate.add_argument(
        "--from",
        dest="source",
        type=_bucket,
        required=True,
        metavar="s3://BUCKET[/PREFIX]",
        help="where {user}/{brand}/{category}/{file} lie; nothing is changed there",
    )
    migrate.add_argument("--endpoint", metavar="URL", help="an S3 service other than Amazon's")
    migrate.add_argument("--region", metavar="NAME", help="the bucket's region")
    migrate.add_argument(
        "--owner-map",
        type=_pair,
        action="append",
        default=[],
        metavar="OLD=NEW",
        help="whose works a user's become here (default: the user's own); may be repeated",
    )
    migrate.add_argument("--dry-run", action="store_true", help="only say what would be done")


def _bucket(text: str) -> tuple[str, str]:
    """Return bucket and prefix; a prefix ends with a slash or is empty."""
    scheme, _, rest = text.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no bucket; write s3://BUCKET or s3://BUCKET/PREFIX"
        )
    prefix = prefix.strip("/")
    return bucket, f"{prefix}/" if prefix else ""


def _pair(text: str) -> tuple[str, str]:
    old, found, new = text.rpartition("=")
    if not (old and found and new):
        raise argparse.ArgumentTypeError(f"{text!r} is not OLD=NEW")
    return old, new


def _id(text: str) -> str:
    if not text or "/" in text:
        raise argparse.ArgumentTypeError(f"{text!r} is no id; ./brandcast jobs lists them")
    return text


def _path(text: str) -> str:
    if len(text.split("/")) != 4 or text.startswith("/"):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no object; write OWNER/BRAND/CATEGORY/FILE as sweep printed it"
        )
    return text


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) > 50:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 50")
    return int(text)


def _many(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 1000000")
    return int(text)


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) > 1_000_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)
