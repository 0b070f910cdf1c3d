"""The two plots of docs/validation.md, as reproducible SVG."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.typing import RcKeyType

from benchmarks.validation.coverage import coverage
from benchmarks.validation.markdown import READINGS
from benchmarks.validation.plan import BILLING_MODELS
from benchmarks.validation.portfolios import NORMAL_YEAR, OBSERVED
from benchmarks.validation.results import Results
from benchmarks.validation.simulation import LOADS, Group, of_derivative
from benchmarks.validation.tables import billing_errors

METHODS_PLOT, LOADS_PLOT = "validation-methods.svg", "validation-loads.svg"
_COLORS = ("#0072b2", "#d55e00")  # distinguishable with color blindness (Okabe and Ito)
_GRAY = "#888888"
_STYLE: dict[RcKeyType, Any] = {
    "svg.hashsalt": "validation",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_TICKS = (2, 5, 10, 20, 50, 100, 200, 500)  # percent


def write_plots(results: Results, directory: Path) -> None:
    """Write both plots."""
    for name, plot in ((METHODS_PLOT, plot_methods), (LOADS_PLOT, plot_loads)):
        with mpl.rc_context(_STYLE):
            plot(results).savefig(directory / name, metadata={"Date": None, "Creator": None})


def plot_methods(results: Results) -> Figure:
    """Plot one row per group: coverage of its intervals, and how wide they are and need to be."""
    groups = list(results.plan.groups)
    figure = Figure(figsize=(9.5, 0.32 * len(groups) + 1.4), layout="constrained")
    shares, widths = figure.subplots(1, 2, sharey=True)
    for interpretation, color, shift in zip((NORMAL_YEAR, OBSERVED), _COLORS, (-0.16, 0.16), strict=True):
        found = [coverage(of_derivative(results.compared(group), interpretation)) for group in groups]
        rows = [at + shift for at in range(len(groups))]
        values, lows, highs = zip(*(one.share for one in found), strict=True)
        shares.hlines(rows, lows, highs, color=color, linewidth=1.5)
        shares.plot(values, rows, "o", color=color, markersize=4.5, label=interpretation)
        widths.plot([one.half_width for one in found], rows, "o", color=color, markersize=4.5)
        widths.plot([one.needed for one in found], rows, "|", color=color, markersize=8, markeredgewidth=1.5)
    shares.axvline(95, color=_GRAY, linewidth=0.8, zorder=0)
    shares.set_xlabel("intervals that hold the truth, %\n(line: 95 % interval of the share)")
    widths.set_xscale("log")
    widths.set_xticks(_TICKS, [str(tick) for tick in _TICKS])
    widths.minorticks_off()
    widths.set_xlabel("half-width, % of the baseline\n(dot: median; bar: needed)")
    shares.set_yticks(range(len(groups)), [_name(group) for group in groups])
    shares.set_ylim(len(groups) - 0.5, -0.5)
    shares.set_xlim(right=100.5)
    for axes in (shares, widths):
        _separate(axes, [group.frequency for group in groups])
    figure.legend(loc="outside upper center", ncols=2, frameon=False)
    return figure


def plot_loads(results: Results) -> Figure:
    """Plot the errors by load as boxes from quartile to quartile, with whiskers to 95 %; one panel per frequency."""
    figure = Figure(figsize=(9.5, 4), layout="constrained")
    panels = dict(zip(BILLING_MODELS, figure.subplots(1, len(BILLING_MODELS), sharey=True), strict=True))
    for groups, load, errors in billing_errors(results):
        for one, color, shift in zip(errors, _COLORS, (-0.18, 0.18), strict=True):
            panels[groups].boxplot(
                [one],
                positions=[LOADS.index(load) + shift],
                widths=0.3,
                whis=(2.5, 97.5),
                showfliers=False,
                patch_artist=True,
                boxprops={"facecolor": color, "edgecolor": color, "alpha": 0.55},
                medianprops={"color": "black"},
                whiskerprops={"color": color},
                capprops={"color": color},
            )
    for groups, axes in panels.items():
        axes.axhline(0, color=_GRAY, linewidth=0.8, zorder=0)
        axes.set_title(READINGS[groups[0].frequency])
        axes.set_xticks(range(len(LOADS)), [load.replace(" ", "\n") for load in LOADS])
    next(iter(panels.values())).set_ylabel("error of annualized savings, % of the baseline")
    patches = [Patch(color=color, alpha=0.55) for color in _COLORS]
    figure.legend(
        patches, [group.model for group in BILLING_MODELS[0]], loc="outside upper center", ncols=2, frameon=False
    )
    return figure


def _name(group: Group) -> str:
    return f"{READINGS[group.frequency]}: {group.model}, {group.uncertainty}"


def _separate(axes: Axes, frequencies: list[str]) -> None:
    """Draw a line where the frequency changes."""
    for at, (one, following) in enumerate(pairwise(frequencies)):
        if one != following:
            axes.axhline(at + 0.5, color=_GRAY, linewidth=0.5, linestyle=":")
