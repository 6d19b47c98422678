"""Reading `docs/deliveries.md`: what it says is what the tests hold the desk to."""

from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "deliveries.md").read_text()


def table(heading: str) -> dict[str, list[str]]:
    """Return the rows of the table below a heading by their first cell, without code marks."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    rows = [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines]
    assert len({row[0] for row in rows}) == len(rows), f"a row of {heading} is there twice"
    return {row[0]: row[1:] for row in rows}
