"""Writes what scikit-learn and statsmodels give for the data that the tests of clustering and prediction use.

    apt-get install -y python3-sklearn python3-statsmodels
    npm install --no-save --prefix /tmp/vega vega-datasets@3.2.1
    /usr/bin/python3 make_expected.py /tmp/vega/node_modules/vega-datasets/data

Makes data/*.csv (numeric columns only) and expected.json.gz beside it. README.md says where the data come from.
"""
import base64
import csv
import gzip
import json
import os
import sys

import numpy as np
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.linear_model import Ridge
from sklearn.metrics import silhouette_score

HERE = os.path.dirname(os.path.abspath(__file__))
MASK = (1 << 64) - 1
RANDOM_SETS = 50


class SplitMix:
    """The same numbers as SplitMix.cs."""

    def __init__(self, seed):
        self.state = seed

    def bits(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def next(self, end):
        return (self.bits() * end) >> 64

    def double(self):
        return (self.bits() >> 11) * 2.0 ** -53


def random_set(number):
    """Some clouds; every fifth set lies far from zero, every seventh has many equal rows. ReferenceData.cs does the same."""
    random = SplitMix(1000 + number)
    n, d, clouds, k = 50 + random.next(750), 1 + random.next(16), 1 + random.next(10), 2 + random.next(9)
    centres = [[random.double() * 20 - 10 for _ in range(d)] for _ in range(clouds)]
    rows = np.empty((n, d), dtype=np.float32)
    for i in range(n):
        if number % 7 == 0 and i > 40 and random.next(2) == 0:
            rows[i] = rows[random.next(i)]
            continue
        centre = centres[random.next(clouds)]
        for j in range(d):
            value = centre[j] + (random.double() + random.double() + random.double() - 1.5) * 4
            value = value + 1000 * (j + 1) if number % 5 == 0 else value
            rows[i, j] = value
    return rows, k, first_rows(rows, k, random)


def first_rows(rows, k, random):
    """Rows that differ from each other, to begin from."""
    chosen, seen = [], set()
    while len(chosen) < k:
        row = random.next(len(rows))
        key = rows[row].tobytes()
        if key not in seen:
            seen.add(key)
            chosen.append(row)
    return chosen


def train(rows, k, chosen):
    x = rows.astype(np.float64)
    model = KMeans(n_clusters=k, init=x[chosen], n_init=1, max_iter=300, tol=1e-4, algorithm="lloyd").fit(x)
    return {
        "k": k,
        "first": chosen,
        "labels": base64.b64encode(model.labels_.astype(np.uint8).tobytes()).decode(),
        "inertia": float(model.inertia_),
        "iterations": int(model.n_iter_),
        "silhouette": float(silhouette_score(x, model.labels_)),
    }


REAL = {
    "penguins": ("penguins.json", ["Beak Length (mm)", "Beak Depth (mm)", "Flipper Length (mm)", "Body Mass (g)"], 3),
    "cars": ("cars.json", ["Miles_per_Gallon", "Cylinders", "Displacement", "Horsepower", "Weight_in_lbs", "Acceleration"], 4),
    "movies": ("movies.json", ["IMDB Rating", "IMDB Votes", "Rotten Tomatoes Rating", "Production Budget", "Worldwide Gross"], 6),
    "flights": ("flights-2k.json", ["delay", "distance"], 8),
    "gapminder": ("gapminder.json", ["life_expect", "fertility", "pop"], 5),
    "weather": ("seattle-weather.csv", ["precipitation", "temp_max", "temp_min", "wind"], 5),
    "wind": ("windvectors.csv", ["longitude", "latitude", "dir", "speed"], 12),
}


def real_sets(folder):
    for name, (file, columns, k) in REAL.items():
        with open(os.path.join(folder, file), encoding="utf-8") as text:
            records = json.load(text) if file.endswith(".json") else list(csv.DictReader(text))
        rows = [[float(r[c]) for c in columns] for r in records if all(r[c] not in (None, "") for c in columns)]
        yield name, [c.split(" (")[0].lower().replace(" ", "_") for c in columns], rows, k
    iris = load_iris()
    yield "iris", ["sepal_length", "sepal_width", "petal_length", "petal_width"], iris.data.tolist(), 3


def ridge(rows, target, features, alphas):
    x, y = rows[:, features], rows[:, target]
    z = (x - x.mean(axis=0)) / x.std(axis=0)
    answers = []
    for alpha in alphas:
        model = Ridge(alpha=alpha, solver="svd").fit(z, y)
        coefficients = model.coef_ / x.std(axis=0)
        answers.append({"lambda": alpha, "coefficients": coefficients.tolist(), "intercept": float(model.intercept_ - coefficients @ x.mean(axis=0))})
    return answers


def main(folder):
    os.makedirs(os.path.join(HERE, "data"), exist_ok=True)
    expected = {"random": [], "real": {}, "ridge": {}}
    for number in range(RANDOM_SETS):
        rows, k, chosen = random_set(number)
        expected["random"].append(train(rows, k, chosen) | {"rows": rows.shape[0], "columns": rows.shape[1]})
    for name, columns, rows, k in real_sets(folder):
        with open(os.path.join(HERE, "data", name + ".csv"), "w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([f"{value:.12g}" for value in row] for row in rows)
        x = np.array(rows)
        z = (x - x.mean(axis=0)) / x.std(axis=0)
        expected["real"][name] = train(z, k, first_rows(z, k, SplitMix(7)))
        expected["ridge"][name] = ridge(x, 0, list(range(1, x.shape[1])), [0.0, 0.1, 1.0, 10.0, 1000.0])
    with gzip.GzipFile(os.path.join(HERE, "expected.json.gz"), "wb", mtime=0) as file:
        file.write(json.dumps(expected).encode())


if __name__ == "__main__":
    main(sys.argv[1])
