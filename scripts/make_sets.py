#!/usr/bin/env python3
"""Makes src/data/sets/*.csv.gz from the files of Debian's package python3-sklearn.

usage: scripts/make_sets.py FOLDER, where FOLDER holds breast_cancer.csv, digits.csv.gz, ...
(apt-get download python3-sklearn; dpkg-deb -x python3-sklearn_*.deb x;
 FOLDER = x/usr/lib/python3/dist-packages/sklearn/datasets/data)

The output is the same bytes on every machine. Prints the SHA-256 of each file.
"""

import gzip
import hashlib
import io
import pathlib
import sys

OUT = pathlib.Path(__file__).resolve().parent.parent / "src" / "data" / "sets"

IRIS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
WINE = ["alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
        "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280_od315", "proline"]
CELLS = ["radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave_points",
         "symmetry", "fractal_dimension"]
CANCER = [f"{kind}_{cell}" for kind in ("mean", "error", "worst") for cell in CELLS]
DIABETES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]


def write(name, header, rows):
    text = "\n".join([",".join(header)] + [",".join(row) for row in rows]) + "\n"
    raw = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=9, mtime=0) as out:
        out.write(text.encode())
    (OUT / f"{name}.csv.gz").write_bytes(raw.getvalue())
    print(f"{name:14} {len(rows):5} rows  {hashlib.sha256(raw.getvalue()).hexdigest()}")


def classes(folder, file):
    """Files whose first line is: samples, inputs, class names."""
    first, *rows = [line.split(",") for line in (folder / file).read_text().split()]
    names = first[2:]
    return [row[:-1] + [names[int(row[-1])]] for row in rows]


def number(text):
    """'0.000e+00' -> '0': the shortest text of the same number."""
    value = float(text)
    return str(int(value)) if value == int(value) else repr(value)


def main(folder):
    OUT.mkdir(parents=True, exist_ok=True)
    write("iris", IRIS + ["species"], classes(folder, "iris.csv"))
    write("wine", WINE + ["cultivar"], classes(folder, "wine_data.csv"))
    write("breast_cancer", CANCER + ["diagnosis"], classes(folder, "breast_cancer.csv"))
    inputs = gzip.decompress((folder / "diabetes_data_raw.csv.gz").read_bytes()).decode().splitlines()
    targets = gzip.decompress((folder / "diabetes_target.csv.gz").read_bytes()).decode().split()
    rows = [[number(field) for field in line.split()] for line in inputs]
    write("diabetes", DIABETES + ["progression"], [row + [number(y)] for row, y in zip(rows, targets)])
    digits = gzip.decompress((folder / "digits.csv.gz").read_bytes()).decode().split()
    rows = [[number(field) for field in line.split(",")] for line in digits]
    write("digits", [f"p{i // 8}{i % 8}" for i in range(64)] + ["digit"], rows)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
