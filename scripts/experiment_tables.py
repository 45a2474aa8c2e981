"""Tables of an experiment's README, made from its committed CSV files.

  <!-- table depth.csv | model.depth: depth | {minima} ({coverage:.2f}): minima -->
  <!-- pivot depth.csv | model.depth: depth | model.activation data.source | {minima} -->

Below each comment stands the table, up to the next empty line. A column is a name, or a
text with names in braces; after the last ": " its title. {x:.3g} shows a number so,
{x:%} as a share. A pivot has one row for each value of its first column, one column for
each combination of the second ones.
"""

import csv
import re

MARK = re.compile(r"^<!-- (table|pivot) (\S+) \| (.*) -->$")


def load(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def shown(value, how):
    """A cell; an empty one, or nan, as a dash."""
    try:
        number = float(value)
    except ValueError:
        return value.rsplit("/", 1)[-1] if value else "–"
    if number != number:
        return "–"
    if how == "%":
        percent = 100 * number
        return f"{percent:.0f} %" if percent in (0, 100) else f"{percent:.1f} %"
    if how:
        return format(number, how)
    return value if value.lstrip("-").isdigit() else f"{number:.6g}"


def cell(template, row):
    if "{" not in template:
        return shown(row[template], "")
    return re.sub(
        r"\{([^}:]+)(?::([^}]*))?\}", lambda m: shown(row[m[1]], m[2] or ""), template
    )


def lines(head, body):
    return ["| " + " | ".join(r) + " |" for r in [head, ["---"] * len(head)] + body]


def split_title(column):
    template, _, title = column.rpartition(": ")
    return (template, title) if template else (column, column)


def plain(rows, columns):
    pairs = [split_title(c) for c in columns]
    return lines([t for _, t in pairs], [[cell(c, r) for c, _ in pairs] for r in rows])


def pivot(rows, columns):
    (first, title), across, template = split_title(columns[0]), columns[1], columns[2]
    key = lambda r: " ".join(shown(r[k], "") for k in across.split())
    heads = list(dict.fromkeys(map(key, rows)))
    values = list(dict.fromkeys(r[first] for r in rows))
    found = {(r[first], key(r)): cell(template, r) for r in rows}
    body = [[shown(v, "")] + [found.get((v, h), "–") for h in heads] for v in values]
    return lines([title] + heads, body)


def with_tables(text, results):
    """The README with the table below each mark made again."""
    out, inside = [], False
    for line in text.splitlines():
        mark = MARK.match(line)
        if mark:
            kind, name, columns = mark.groups()
            make = plain if kind == "table" else pivot
            out += [line] + make(load(results / name), columns.split(" | "))
            inside = True
        elif not inside or not line:
            inside = False
            out.append(line)
    return "\n".join(out) + "\n"
