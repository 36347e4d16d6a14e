"""table.py - what the runs of a row say: which of them may be compared, their medians, and the lines of the table."""
import dataclasses
import statistics

OURS = "edacious"
FLOOR = "floor"  # plain C without a runtime: shown beside, never the best peer
FOREIGN_MAX = 0.05  # of a processor's time used by others: above it, a run is disturbed
# Far is what takes more than this many times the shortest way seen. Where virtual processors were watched to be moved
# about, a line took 35-50 ns or 240-250: a factor of 1.4 within a placement, of 4.8 or more between two; 2.5 lies amid.
FAR_FACTOR = 2.5
LOWER_IS_BETTER = {"ns", "us", "ms", "s", "bytes"}
FAILURES_MAX = 2  # of a contender in a row; once killed is enough, for that took long


class Placement:
    """Tells near from far. The shortest way is the whole session's, so ask when all runs are done, or again."""

    def __init__(self):
        self.shortest = self.longest = None

    def note(self, probes):
        for way in probes:
            self.shortest = way if self.shortest is None else min(way, self.shortest)
            self.longest = way if self.longest is None else max(way, self.longest)

    def is_far(self, way):
        return way > FAR_FACTOR * self.shortest

    def kind(self, run):
        """'near', 'far', 'moved' when it changed during the run, or 'unprobed'."""
        if not run.probes:
            return "unprobed"
        before, after = (self.is_far(way) for way in run.probes)
        return "moved" if before != after else "far" if before else "near"

    def describe(self):
        """A line for the head of the table."""
        if self.shortest is None:
            return "not probed (one processor): all runs count as alike"
        ways = f"a cache line took {self.shortest:.0f} to {self.longest:.0f} ns one way"
        if not self.is_far(self.longest):
            return f"{ways}: one placement"
        return f"{ways}: near up to {FAR_FACTOR * self.shortest:.0f} ns, far above"


def is_clean(run):
    return not run.failure and not run.is_absent and run.foreign <= FOREIGN_MAX


def is_over(runs):
    """No further run of this contender in this row is worth its time."""
    failures = sum(1 for run in runs if run.failure)
    return any(run.is_absent or run.is_killed for run in runs) or failures >= FAILURES_MAX


def takes_part(runs):
    return any(run.values and not run.failure and not run.is_absent for run in runs)


def clean_of(runs, kind, placement):
    return [run for run in runs if is_clean(run) and placement.kind(run) == kind]


def pick_kind(contenders, placement):
    """The placement with the most clean runs common to all contenders that have any; of equal ones that with more runs."""
    lists = [runs for runs in contenders.values() if takes_part(runs)]
    kinds = ("near", "far", "unprobed")

    def merit(kind):
        clean = [len(clean_of(runs, kind, placement)) for runs in lists]
        either = sum(1 for runs in lists for run in runs if placement.kind(run) == kind)
        return min(clean, default=0), sum(clean), either

    return max(kinds, key=merit)


def wants_more(runs, kind, placement, count):
    return not is_over(runs) and len(clean_of(runs, kind, placement)) < count


@dataclasses.dataclass
class Cell:
    """One contender's runs of one metric."""

    values: list
    is_disturbed: bool = False  # disturbed runs had to fill up
    text: str = ""  # in place of a figure

    @property
    def median(self):
        return statistics.median(self.values)


def chosen_of(runs, kind, placement, count):
    """(runs that count, whether disturbed ones had to fill up): the least disturbed ones do, when repeating did not help."""
    chosen = clean_of(runs, kind, placement)[:count]
    others = [run for run in runs if run not in chosen and run.values and not run.failure and placement.kind(run) == kind]
    others = sorted((run for run in others if not is_clean(run)), key=lambda run: run.foreign)[:count - len(chosen)]
    return chosen + others, bool(others)


def make_cells(contenders, kind, placement, count):
    """contender -> metric -> Cell, and contender -> text where there are no figures."""
    cells, texts = {}, {}
    for name, runs in contenders.items():
        chosen, is_disturbed = chosen_of(runs, kind, placement, count)
        cells[name] = {}
        for run in chosen:
            for metric, value in run.values.items():
                cells[name].setdefault(metric, Cell([], is_disturbed)).values.append(value)
        if is_over(runs) and any(run.failure for run in runs):
            cells[name], texts[name] = {}, "killed" if any(run.is_killed for run in runs) else "failed"
        elif not chosen and takes_part(runs):
            texts[name] = f"never {kind}"
    return cells, texts


def ahead(ours, best, unit):
    """How many times better ours is."""
    if ours <= 0 or best <= 0:
        return None
    return best / ours if unit in LOWER_IS_BETTER else ours / best


def make_line(metric, unit, cells, texts, kind):
    """One metric's line as a dict: what the table and --json show."""
    figures = {name: cell[metric] for name, cell in cells.items() if metric in cell}
    peers = {name: cell.median for name, cell in figures.items() if name not in (OURS, FLOOR)}
    best = (min if unit in LOWER_IS_BETTER else max)(peers, key=peers.get, default=None)
    ours = figures.get(OURS)
    return {
        "metric": metric, "unit": unit, "placement": kind,
        "n": min((len(cell.values) for cell in figures.values()), default=0),
        "medians": {name: cell.median for name, cell in figures.items()},
        "disturbed": [name for name, cell in figures.items() if cell.is_disturbed],
        "missing": texts,
        "range": [min(ours.values), max(ours.values)] if ours else None,
        "best": best,
        "ahead": ahead(ours.median, peers[best], unit) if ours and best else None,
    }


def make_lines(row, contenders, placement, count):
    """The lines of one row, and notes on what went wrong in it."""
    kind = pick_kind(contenders, placement)
    cells, texts = make_cells(contenders, kind, placement, count)
    units, notes = {}, []
    for name, runs in contenders.items():
        for run in runs:
            for metric, unit in run.units.items():
                if units.setdefault(metric, unit) != unit:
                    cells[name].pop(metric, None)
                    notes.append(f"{row}: {name} gives {metric} in {unit}, others in {units[metric]}: left out")
        failures = [run.failure for run in runs if run.failure]
        if failures:
            notes.append(f"{row}: {name}: {len(failures)} of {len(runs)} runs failed: {failures[-1]}")
    shown = [metric for metric in units if any(metric in cell for cell in cells.values())]
    if not shown and texts:
        units[row] = ""
        shown = [row]
    return [make_line(metric, units[metric], cells, texts, kind) for metric in shown], list(dict.fromkeys(notes))


def number(value):
    """Three digits, as people read them.

    >>> [number(value) for value in (0.1234, 2.914, 37.2, 999.6, 5876543, 54_900_000, 1170, 0)]
    ['0.123', '2.91', '37.2', '1.00k', '5.88M', '54.9M', '1.17k', '0']
    """
    if value == 0:
        return "0"
    size = abs(value)
    for suffix, unit in (("", 1), ("k", 1e3), ("M", 1e6), ("G", 1e9)):
        digits = 0 if size / unit >= 99.95 else 1 if size / unit >= 9.995 else 2
        if round(size / unit, digits) < 1000 or suffix == "G":
            break
    if size < 0.9995:
        digits = 3
    return f"{value / unit:.{digits}f}{suffix}"


def render(lines, names):
    """The table, in Markdown that is aligned to be read as it is. names: the contenders, in their order."""
    has_any = [name for name in names if any(name in line["medians"] or name in line["missing"] for line in lines)]
    peers = [name for name in has_any if name not in (OURS, FLOOR)]

    def cell(line, name):
        if name in line["medians"]:
            return number(line["medians"][name]) + ("!" if name in line["disturbed"] else "")
        return line["missing"].get(name, "-")

    head = ["metric", "ours", "min-max", *peers, *(["best peer", "ahead"] if peers else []),
            *([FLOOR] if FLOOR in has_any else []), "placement", "n"]
    table = [head]
    for line in lines:
        label = line["metric"] + (f", {line['unit']}" if line["unit"] else "")
        spread = "-".join(number(value) for value in line["range"]) if line["range"] else "-"
        table.append([label, cell(line, OURS), spread, *(cell(line, name) for name in peers)])
        if peers:
            table[-1] += [line["best"] or "-", f"{line['ahead']:.2f}x" if line["ahead"] else "-"]
        if FLOOR in has_any:
            table[-1].append(cell(line, FLOOR))
        table[-1] += [line["placement"], str(line["n"])]
    widths = [max(len(row[at]) for row in table) for at in range(len(head))]
    rows = ["| " + " | ".join(text.ljust(width) if at == 0 else text.rjust(width) for at, (text, width) in
            enumerate(zip(row, widths))) + " |" for row in table]
    rule = "|" + "|".join("-" * (width + 2) if at == 0 else "-" * (width + 1) + ":" for at, width in enumerate(widths)) + "|"
    return "\n".join([rows[0], rule, *rows[1:]])
