#!/usr/bin/env python3
"""Whether the tables of a page are cut off: its first and last columns at a width.

    scripts/measure_tables.py report.html [390 1400 ...]

Loads the page in headless Chromium, in a frame of each width, and prints a line for each
table: its columns, the width it wants and has, and where its last column ends. Exit code
1 if the page scrolls sideways, or a first or last column does not show at once.
"""

import html
import pathlib
import re
import subprocess
import sys
import tempfile

MEASURE = """<script>
addEventListener('load', () => {
  const width = document.documentElement.clientWidth, lines = [];
  const page = document.documentElement.scrollWidth;
  lines.push(`page wants ${page} of ${width} ${page <= width ? 'fits' : 'CUT'}`);
  for (const table of document.querySelectorAll('table')) {
    const box = table.parentElement;
    const row = table.rows[table.rows.length - 1];
    const first = row.firstElementChild.getBoundingClientRect();
    const last = row.lastElementChild.getBoundingClientRect();
    const end = Math.min(width, box.getBoundingClientRect().right) + 1;
    const shows = first.left >= 0 && last.left >= first.right - 1 && last.right <= end;
    lines.push(`table of ${row.cells.length} columns wants ${box.scrollWidth} of ` +
               `${box.clientWidth}, last ends at ${Math.round(last.right)} ` +
               (shows ? 'fits' : 'CUT'));
  }
  parent.postMessage(lines.join('\\n'), '*');
});
</script>"""

FRAME = """<!doctype html><body><iframe src="page.html" width="{width}" height="2000"></iframe>
<script>addEventListener('message', e => {{
  document.body.innerHTML = '<pre id="out"></pre>';
  document.getElementById('out').textContent = e.data;
}});</script></body>"""


def measured(page: str, width: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "page.html").write_text(page.replace("</body>", MEASURE + "</body>"))
        (place / "frame.html").write_text(FRAME.format(width=width))
        dom = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
             "--window-size=1800,2200", "--virtual-time-budget=4000",
             "--dump-dom", (place / "frame.html").as_uri()],
            capture_output=True, text=True, check=True).stdout
    found = re.search(r'<pre id="out">(.*?)</pre>', dom, re.S)
    if found is None:
        sys.exit("measure_tables: the page did not answer")
    return html.unescape(found.group(1))


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    page = pathlib.Path(sys.argv[1]).read_text()
    cut = False
    for width in [int(w) for w in sys.argv[2:]] or [390, 1400]:
        text = measured(page, width)
        print(f"at {width} px\n{text}")
        cut = cut or "CUT" in text
    sys.exit(1 if cut else 0)


if __name__ == "__main__":
    main()
