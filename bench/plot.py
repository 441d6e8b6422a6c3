"""The plot of the growth, docs/growth.svg: it refers to nothing outside and runs no script."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pygal
from pygal.style import Style

GROWTH = Path(__file__).parents[1] / "docs" / "growth.svg"
GREY = "#808080"  # readable on white and on black, as the lines' colours are
STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground=GREY,
    foreground_strong=GREY,
    foreground_subtle=GREY,
    guide_stroke_color=GREY,
    major_guide_stroke_color=GREY,
    font_family="sans-serif",
    colors=("#2f81f7", "#d9730d", "#2da44e", "#c2389a", "#8a63d2"),
    title_font_size=16,
    label_font_size=12,
    major_label_font_size=12,
)


def draw(found: Mapping[str, Mapping[int, Sequence[float]]]) -> None:
    """A line for each kind of work: its median times, to that among the fewest records."""
    counts = sorted({count for times in found.values() for count in times})
    lines = {
        what: [median(times[count]) / median(times[counts[0]]) for count in counts]
        for what, times in found.items()
    }
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    chart = pygal.Line(
        style=STYLE,
        js=(),
        title=f"Times among so many records, to those among {counts[0]:,}; {today}",
        x_labels=[f"{count:,}" for count in counts],
        range=(0, max(2, *(ratio for line in lines.values() for ratio in line))),
        legend_at_bottom=True,
        legend_at_bottom_columns=len(found),
        height=400,
        margin_right=40,
        value_formatter=lambda ratio: f"{ratio:.1f} x",
    )
    for what, line in lines.items():
        chart.add(what, line)
    # All that its script holds is settings for scripts of pygal's, which are left out.
    svg = re.sub("<script.*?</script>", "", chart.render(is_unicode=True), flags=re.DOTALL)
    GROWTH.write_text(svg + "\n")
