"""Writes line.csv, noisy_line.csv, xor.csv, circle.csv, random.csv: the same 48 inputs, five targets."""

import random

random.seed(3)
names = ["line", "noisy_line", "xor", "circle", "random"]
rows = []
for _ in range(48):
    x, y = random.uniform(-1.5, 1.5), random.uniform(-1.5, 1.5)
    line = int(x + 0.5 * y > 0)
    noisy = 1 - line if random.random() < 0.2 else line
    rows.append((x, y, [line, noisy, int(x * y > 0), int(x * x + y * y > 1.4), random.randint(0, 1)]))
for k, name in enumerate(names):
    with open(f"{name}.csv", "w") as out:
        out.write("x,y,class\n")
        for x, y, targets in rows:
            out.write(f"{x:.6f},{y:.6f},{targets[k]}\n")
