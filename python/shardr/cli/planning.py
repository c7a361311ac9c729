"""Commands that look at a spec and touch nothing: validate, plan, schema."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from shardr.cli.output import count, print_json, size, where
from shardr.cli.parser import add_engine, add_name, add_runner, add_spec, parameters, place
from shardr.requests.facts import facts

if TYPE_CHECKING:
    import argparse

    from shardr.cli.output import Output
    from shardr.cli.parser import Parser

SHOWN_INSTANCES = 10
SHOWN_TEXT = 60
"""Characters of keys that fit on a line beside the rest."""


def declare_validate(parser: Parser) -> None:
    """Options of ``shardr validate``."""
    add_spec(parser)


def validate(options: argparse.Namespace, out: Output) -> int:
    """Checks a spec."""
    from shardr.api import runs

    found = runs.validate(options.spec, set=parameters(options))
    steps = [step.name for step in found.in_order()]
    out.answer({"run": None, "status": "Valid", "name": found.name, "steps": steps, "problems": []})
    out.say(("valid", "green"), f": {found.name}, {count(len(steps), 'step')} ({', '.join(steps)})")
    return 0


def declare_plan(parser: Parser) -> None:
    """Options of ``shardr plan``."""
    add_spec(parser)
    add_engine(parser)
    add_runner(parser)
    add_name(parser)
    parser.add_argument("--requests", action="store_true", help="print what would be sent, as JSON")
    parser.add_argument("--diff", action="store_true", help="print how that differs from the last run of this name")


def plan(options: argparse.Namespace, out: Output) -> int:
    """Shows what would run."""
    from shardr.api import runs
    from shardr.api.plan_view import plan_dict

    planned = runs.plan(
        options.spec, **place(options), runner=options.runner, name=options.name, set=parameters(options)
    )
    if options.diff and not out.json:
        print(planned.diff())
        return 0
    if options.requests and not out.json:
        print_json(planned.requests)
        return 0
    found = plan_dict(planned, diff=options.diff)
    out.answer(found)
    if not out.json:
        steps = count(len(found["steps"]), "step")
        out.say((found["name"], "bold"), f": {steps} {where(found['runner'], found['runner_reason'])}")
        made: dict[str, str] = {}
        for step in found["steps"]:
            _say_step(step, made, out)
        for notice in found["notices"]:
            out.note(("note: ", "yellow"), notice)
        out.say()
        out.say(("Nothing was touched. To run it: ", "dim"), _again(options))
    return 0


def _again(options: argparse.Namespace) -> str:
    chosen = [word for value in options.set for word in ("--set", value)]
    for name, value in place(options).items():
        chosen += [f"--{name}", value] if value else []
    return shlex.join(["shardr", "run", options.spec, *chosen])


def _say_step(step: dict[str, Any], made: dict[str, str], out: Output) -> None:
    """One step: what runs, how each input is spread, what comes out; ``made`` knows which step makes what."""
    program = [word.rpartition("/")[2] for word in step["entrypoint"]] + step["arguments"]
    jobs = len(step["jobs"])
    if jobs == 1:
        width = f"{count(step['instance_count'], 'instance')} of {step['instance_type']}"
    else:
        width = f"{count(jobs, 'job')} of one {step['instance_type']}"
    out.say()
    out.say((step["name"], "bold"), f"  {width}  ", (shlex.join(program), "cyan"))
    about = [facts(request) for request in step["requests"]]
    sources = {channel.name: channel.uri or "" for job in about[:1] for channel in job.inputs}
    for spread in step["shards"]:
        source = sources.get(spread["input"], "")
        # the output of balanced shards is made piece by piece below what the next step reads
        maker = next((who for uri, who in made.items() if source and uri.startswith(source)), None)
        _say_spread(spread, maker, out)
    if "asks" in step:
        asks = step["asks"]
        what = made.get(asks["data"] or "", asks["data"] or f"the model {asks['model']}")
        out.say(f"  asks {what}  ", (f"served by {asks['image']}" if asks["image"] else "", "dim"))
    for each in step["hyperparameters"]:
        _say_hyperparameter(each, out)
    if step["outputs"]:
        out.say("  makes ", ", ".join(step["outputs"]))
    for job in about:
        made |= {output.uri: f"{step['name']}.{output.name}" for output in job.outputs}


def _say_hyperparameter(each: dict[str, Any], out: Output) -> None:
    """One hyperparameter: its value, or its default, and what the script says of it."""
    value = each["value"] if each["value"] is not None else f"{each.get('default', 'not set')} (default)"
    about = [str(each[part]) for part in ("kind",) if part in each]
    if "min" in each or "max" in each:
        about.append(f"{each.get('min', '…')} to {each.get('max', '…')}")
    about += [", ".join(each["choices"])] if isinstance(each.get("choices"), list) else []
    about += [each["description"]] if "description" in each else []
    out.say(f"  with {each['name']}  {value}", ("  " + ", ".join(about) if about else "", "dim"))


def _say_spread(spread: dict[str, Any], maker: str | None, out: Output) -> None:
    name, instances = spread["input"], spread["instances"]
    how = f" in mode {spread['input_mode']}" if spread["input_mode"] != "File" else ""
    if not instances:
        out.say(f"  takes {name}  {spread['distribution']}{how}, ", (f"made by {maker or 'an earlier step'}", "dim"))
        return
    if spread["distribution"] == "FullyReplicated":
        first = instances[0]
        out.say(f"  takes {name}  each instance all of it{how}: {_amount(first)}  ", (_keys(first), "dim"))
        return
    out.say(f"  takes {name}  {spread['distribution']}{how}")
    wide = max(len(item["host"]) for item in instances)
    for item in instances[:SHOWN_INSTANCES]:
        out.say(f"    {item['host']:<{wide}}  {_amount(item):<22}  ", (_keys(item), "dim"))
    if len(instances) > SHOWN_INSTANCES:
        out.say(f"    … and {count(len(instances) - SHOWN_INSTANCES, 'more instance')}")


def _amount(item: dict[str, Any]) -> str:
    weight = "" if item["bytes"] is None else f", {size(item['bytes'])}"
    return count(item["objects"], "object") + weight


def _keys(item: dict[str, Any]) -> str:
    """The first keys, as many as fit, and that there are more."""
    shown = ""
    for i, key in enumerate(item["keys"]):
        longer = f"{shown}, {key}" if shown else key
        if i and len(longer) > SHOWN_TEXT:
            return f"{shown}, …"
        shown = longer
    return shown if len(item["keys"]) == item["objects"] else f"{shown}, …"


def declare_schema(_: Parser) -> None:
    """``shardr schema`` takes no options of its own."""


def schema(_: argparse.Namespace, __: Output) -> int:
    """Prints the JSON Schema of the spec, for editors."""
    from shardr.spec.schema import schema_text

    print(schema_text(), end="")
    return 0
