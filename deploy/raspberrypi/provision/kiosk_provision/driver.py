"""Runs a plan: one process for each machine, so that none disturbs another, and a line for all that happens."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all, disconnect_all
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.inventory import Inventory
from pyinfra.api.operations import run_ops
from pyinfra.api.state import BaseStateCallback, State, StateStage
from pyinfra.context import ctx_host, ctx_state

from kiosk_provision import health, machine, state
from kiosk_provision.machine import Machine
from kiosk_provision.release import Release

HOME = Path(__file__).resolve().parents[2]
LONGEST = 2000
CONNECT_SECONDS = 15


@dataclass(frozen=True)
class Plan:
    """What is to be done, to which machines."""

    act: str
    machines: tuple[Machine, ...]
    release: Release
    parallel: int
    pictures: str = ""


class Teller(BaseStateCallback):  # type: ignore[misc]
    """Tells what happens to the one machine of this process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.unreachable = ""
        self.failed = ""

    def host_connect_error(self, _state: State, _host: Any, error: Exception) -> None:
        self.unreachable = str(error)

    def operation_host_success(self, running: State, host: Any, op_hash: str, retry_count: int = 0) -> None:
        self._step("step", running, host, op_hash)

    def operation_host_error(
        self, running: State, host: Any, op_hash: str, retry_count: int = 0, max_retries: int = 0
    ) -> None:
        self.failed = _names(running, op_hash)

    def _step(self, event: str, running: State, host: Any, op_hash: str) -> None:
        will = running.ops[host][op_hash].operation_meta.will_change
        if will:
            tell(self.name, event, said=_names(running, op_hash))


class Words(logging.Handler):
    """Keeps what programs on the machine said on their way down; pyinfra hands it to its log only."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def tell(name: str, event: str, **more: Any) -> None:
    """Write one line; it is short enough to stay whole among the lines of other processes."""
    line = json.dumps({"host": name, "event": event, **more})
    os.write(1, line.encode() + b"\n")


def main() -> int:
    """Read a plan from standard input and run it."""
    plan = _read(json.load(sys.stdin))
    context = multiprocessing.get_context("fork")
    waiting = list(plan.machines)
    running: dict[Any, ForkProcess] = {}
    while waiting or running:
        while waiting and len(running) < plan.parallel:
            one = waiting.pop(0)
            process = context.Process(target=_one, args=(plan, one), name=one.name)
            process.start()
            running[process.sentinel] = process
        for sentinel in wait(list(running)):
            ended = running.pop(sentinel)
            ended.join()
            if ended.exitcode:
                tell(ended.name, "failed", said=f"its process ended with {ended.exitcode}")
    return 0


def _read(given: dict[str, Any]) -> Plan:
    found = tuple(machine.read(name, one) for name, one in given["machines"].items())
    release = Release(given["release"]["version"], Path(given["release"]["wheels"]))
    return Plan(given["act"], found, release, int(given.get("parallel", 20)), given.get("pictures", ""))


def _one(plan: Plan, one: Machine) -> None:
    """Do everything to one machine; whatever goes wrong is a line, and concerns no other."""
    teller, words = Teller(one.name), Words()
    logging.getLogger("pyinfra").addHandler(words)
    logging.getLogger("pyinfra").propagate = False
    inventory = Inventory(([(one.name, {**one.ssh, "ssh_strict_host_key_checking": "yes"})], {}))
    running = State(inventory, Config(SUDO=True, CONNECT_TIMEOUT=CONNECT_SECONDS, PARALLEL=1))
    running.add_callback_handler(teller)
    try:
        _run(plan, one, running)
    except PyinfraError as error:
        reason = teller.unreachable or "\n".join([teller.failed or str(error), *words.lines[-12:]])
        tell(one.name, "unreachable" if teller.unreachable else "failed", said=reason[:LONGEST])
    except Exception as error:  # noqa: BLE001 - told on, as the one result of this process
        tell(one.name, "failed", said=f"{type(error).__name__}: {error}"[:LONGEST])


def _run(plan: Plan, one: Machine, running: State) -> None:
    running.set_stage(StateStage.Connect)
    connect_all(running)
    tell(one.name, "connected")
    running.set_stage(StateStage.Prepare)
    host = next(iter(running.inventory))
    with ctx_state.use(running), ctx_host.use(host):
        _acts(plan, one)[plan.act]()
    if plan.act in ("identity", "verify"):
        return
    names = [_names(running, hashed) for hashed in running.get_op_order() if _changes(running, host, hashed)]
    if plan.act != "plan":
        running.set_stage(StateStage.Execute)
        run_ops(running)
        disconnect_all(running)
    tell(
        one.name, "done", changed=len(names), of=running.meta[host].ops, names=names[:40] if plan.act == "plan" else []
    )


def _acts(plan: Plan, one: Machine) -> dict[str, Callable[[], None]]:
    def planned() -> None:
        state.lay(one, HOME, plan.release)
        state.activate(one, plan.release)

    return {
        "plan": planned,
        "lay": lambda: state.lay(one, HOME, plan.release),
        "activate": lambda: state.activate(one, plan.release),
        "rollback": lambda: state.rollback(one),
        "identity": lambda: tell(one.name, "identity", **health.identity()),
        "verify": lambda: _verify(plan, one),
    }


def _verify(plan: Plan, one: Machine) -> None:
    tell(one.name, "verified", **health.look(one))
    if plan.pictures and one.screen:
        file = Path(plan.pictures) / f"{one.name}.jpg"
        file.write_bytes(health.picture())
        tell(one.name, "step", said=f"its picture is {file}")


def _changes(running: State, host: Any, hashed: str) -> bool:
    with ctx_state.use(running), ctx_host.use(host):
        return hashed in running.ops[host] and bool(running.ops[host][hashed].operation_meta.will_change)


def _names(running: State, hashed: str) -> str:
    return ", ".join(sorted(running.op_meta[hashed].names))
