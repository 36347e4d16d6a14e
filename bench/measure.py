"""measure.py - one run of one contender: a fresh process under a time limit, bracketed by the probe.

Beside what the process prints it is noted how far apart the processors were before and after (bench-probe), and how much
of them others used meanwhile. The processes may use only the processors that this one may.
"""
import contextlib
import dataclasses
import math
import os
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time

ABSENT_EXIT = 3  # of a contender that lacks the row
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
LINE = re.compile(r"bench \S+ (\S+) (\S+) (\S+)$")
PROBE_LIMIT_S = 5


@dataclasses.dataclass
class Run:
    """What one process gave. A run with a failure has no values that count."""

    values: dict = dataclasses.field(default_factory=dict)  # metric -> value
    units: dict = dataclasses.field(default_factory=dict)  # metric -> unit
    probes: tuple = ()  # ns one way before and after; empty where nothing was probed
    foreign: float = 0.0  # what others used, as a share of one processor's time
    seconds: float = 0.0
    failure: str = ""
    is_killed: bool = False
    is_absent: bool = False  # the contender lacks this row


def parse(output):
    """(values, units) of the lines `bench WHO METRIC VALUE UNIT`; other lines are let pass."""
    values, units = {}, {}
    for line in output.splitlines():
        found = LINE.match(line.strip())
        if not found:
            continue
        metric, text, unit = found.groups()
        with contextlib.suppress(ValueError):
            if math.isfinite(float(text)):
                values[metric], units[metric] = float(text), unit
    return values, units


def pick_processors(count):
    """Up to count processors this process may use, no two of one core while there are enough cores."""
    allowed = sorted(os.sched_getaffinity(0))
    firsts, others, cores = [], [], set()
    for number in allowed:
        try:
            with open(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list", encoding="ascii") as file:
                core = file.read().strip()
        except OSError:
            core = str(number)
        (others if core in cores else firsts).append(number)
        cores.add(core)
    return sorted((firsts + others)[:count])


def read_busy(processors):
    """Seconds these processors have worked so far, what the host took from them included."""
    busy = 0
    with open("/proc/stat", encoding="ascii") as file:
        for line in file:
            name, *ticks = line.split()
            if name[:3] == "cpu" and name[3:].isdigit() and int(name[3:]) in processors:
                user, nice, system, _idle, _iowait, irq, softirq, steal = (int(tick) for tick in ticks[:8])
                busy += user + nice + system + irq + softirq + steal
    return busy * TICK_S


def read_own():
    """Seconds of processor this process itself has used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def foreign_share(busy_s, ours_s, elapsed_s):
    """What others used, as a share of one processor. /proc/stat counts in ticks: two of them may be no one's."""
    return max(0.0, busy_s - ours_s - 2 * TICK_S) / max(elapsed_s, TICK_S)


def wait_limited(process, limit_s):
    """Waits; kills the process and all it started after limit_s. Returns (wait status, seconds used, is_killed)."""
    killed = threading.Event()

    def kill():
        killed.set()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(limit_s, kill)
    timer.start()
    try:
        # Not reaped yet, so that nobody else can have its number while the group is killed.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    finally:
        timer.cancel()
        timer.join()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it left behind, or all of it when we were interrupted
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime, killed.is_set()


def explain(code, is_killed, limit_s, errors):
    """Why a process failed, in a line; '' if it did not."""
    last = next((line.strip() for line in reversed(errors.splitlines()) if line.strip()), "")
    if is_killed:
        return f"killed after {limit_s:g} s"
    if code < 0:
        return f"ended by {signal.Signals(-code).name}" + (f": {last}" if last else "")
    if code > 0:
        return f"exit status {code}" + (f": {last}" if last else "")
    return ""


def run_process(command, limit_s, processors):
    """Runs a command in a process group of its own. Returns a Run without probes."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+", errors="replace") as err:
        busy, own, began = read_busy(processors), read_own(), time.monotonic()
        try:
            # pylint: disable-next=consider-using-with
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)
        except OSError as error:
            return Run(failure=f"cannot be started: {error.strerror}")
        code, used, is_killed = wait_limited(process, limit_s)
        elapsed = time.monotonic() - began
        busy, own = read_busy(processors) - busy, read_own() - own
        out.seek(0)
        err.seek(0)
        run = Run(*parse(out.read()), foreign=foreign_share(busy, used + own, elapsed), seconds=elapsed, is_killed=is_killed)
        run.failure = explain(code, is_killed, limit_s, err.read())
    if code == ABSENT_EXIT:
        run.failure, run.is_absent = "", True
    elif not run.failure and not run.values:
        run.failure = "printed no result"
    return run


class Prober:
    """Asks bench-probe; stops asking where there is but one processor or no such program."""

    def __init__(self, program, processors):
        self.program, self.processors = program, processors
        self.is_able = len(processors) > 1

    def probe(self):
        """ns one way as a tuple of one, or () if there is nothing to probe."""
        if not self.is_able:
            return ()
        run = run_process([self.program], PROBE_LIMIT_S, self.processors)
        return tuple(run.values.values())


def measure(command, limit_s, prober):
    """One run between two probes."""
    before = prober.probe()
    run = run_process(command, limit_s, prober.processors)
    probes = before + prober.probe()
    run.probes = probes if len(probes) == 2 else ()
    return run
