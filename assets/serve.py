"""Knows how Dagster's webserver and daemon are started together on this machine only, and stopped together.

Leaves what they show to `definitions`, and who may come in to the door. The webserver has no login: it must never listen beyond loopback.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from dagster import DagsterInstance

from assets import instance as records
from zjtx_pipeline import journal, turns
from zjtx_pipeline.errors import ZjtxError
from zjtx_pipeline.settings import Door, home

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[1]
SECONDS_TO_START, SECONDS_TO_STOP = 120, 30


def until_interrupted(port: int, say: Callable[[str], None]) -> None:
    """Serve until Ctrl-C or a termination signal; ZjtxError: another serves this home, the port is taken, or the server did not come up."""
    for ending in (signal.SIGINT, signal.SIGTERM):  # also where a shell started us in the background, deaf to Ctrl-C
        signal.signal(ending, signal.default_int_handler)
    address = f"http://{HOST}:{port}"
    with turns.serve_alone(home(), _called("zjtx ui", address)):
        _free(port)
        say("正在启动网页界面和定时任务……")
        _shown(port, address, say)


def _shown(port: int, address: str, say: Callable[[str], None]) -> None:
    with server(port) as (process, log):
        say(f"网页界面：{address}　（仅本机；记录在 {log}；按 Ctrl-C 结束）")
        try:
            process.wait()
        except KeyboardInterrupt:
            say("正在结束……")
            return
    raise ZjtxError(f"网页界面意外结束，原因见 {log}。")


def behind_the_door(door: Door, say: Callable[[str], None]) -> None:
    """Serve to who logs in, until interrupted; ZjtxError: as above, or the door cannot be opened."""
    from zjtx_pipeline.door import serving

    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    serving.check_pair(door)
    with turns.serve_alone(home(), _called("zjtx serve", door.address)), closing(serving.listening(door)) as place:
        port = _any_free()
        say("正在启动网页界面和定时任务……")
        try:
            with server(port) as (process, log):
                say(f"请用浏览器打开：{door.address}　（登录记录在 {home() / 'door' / 'audit.log'}；按 Ctrl-C 结束）")
                serving.serve(door, home(), port, place, lambda: process.poll() is None)
        except KeyboardInterrupt:
            say("已结束。")
            return
    raise ZjtxError(f"网页界面意外结束，原因见 {log}。")


def _called(verb: str, address: str) -> str:
    return f"{verb}，{address}，进程 {os.getpid()}"


@contextmanager
def server(port: int):
    """The running server's process and its log; stopped, with all that it started, at the end of the block."""
    folder = records.prepare()
    with DagsterInstance.get() as instance:
        records.close_abandoned(instance)
    log = folder / "ui.log"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(_command(port), **pipes, start_new_session=True, env=_environment())
    keeping = threading.Thread(target=_keep, args=(process.stdout, log), daemon=True)
    keeping.start()
    try:
        _wait_until_it_answers(process, port, log)
        yield process, log
    finally:
        _stop(process)
        keeping.join(SECONDS_TO_STOP)


def _keep(output: BinaryIO, log: Path) -> None:
    """Write down what the server and all that it starts say, discreetly; a full disk must not hold them up."""
    with output:
        for line in output:
            with suppress(OSError):
                journal.write(log, line.decode("utf-8", "replace"))


def _command(port: int) -> list[str]:
    return [sys.executable, "-m", "dagster", "dev", "-h", HOST, "-p", str(port), "-m", "assets.definitions", "-d", str(ROOT)]


def _environment() -> dict[str, str]:
    """The children find `assets` and `zjtx_pipeline` where this process found them."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}


def _free(port: int) -> None:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise ZjtxError(f"端口 {port} 已被占用：请用 --port 换一个。") from None


def _any_free() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _wait_until_it_answers(process: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/server_info", timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    raise ZjtxError(f"网页界面没有启动起来，原因见 {log}。")


def _stop(process: subprocess.Popen) -> None:
    """Ask first, so that runs under way end as cancelled; then end the whole family."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
