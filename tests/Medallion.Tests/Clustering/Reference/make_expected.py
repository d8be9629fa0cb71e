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

import warnings

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.linear_model import Ridge
from sklearn.metrics import silhouette_score
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

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


# Hyndman and Athanasopoulos, "Forecasting: principles and practice": oil of Saudi Arabia, passengers and tourists of Australia, sheep of Asia.
OIL = [446.6565229, 454.4733065, 455.6629740, 423.6322388, 456.2713279, 440.5880501, 425.3325201, 485.1494479, 506.0481621, 526.7919833, 514.2688890, 494.2110193]
AIR = [17.5534, 21.8601, 23.8866, 26.9293, 26.8885, 28.8314, 30.0751, 30.9535, 30.1857, 31.5797, 32.577569, 33.477398, 39.021581, 41.386432, 41.596552]
SHEEP = [
    263.917747, 268.307222, 260.662556, 266.639419, 277.515778, 283.834045, 290.309028, 292.474198, 300.830694, 309.286657, 318.331081, 329.37239, 338.883998, 339.244126, 328.600632, 314.255385,
    314.459695, 321.413779, 329.789292, 346.385165, 352.297882, 348.370515, 417.562922, 417.12357, 417.749459, 412.233904, 411.946817, 394.697075, 401.49927, 408.270468, 414.2428]
TOURISTS = [
    41.727458, 24.041850, 32.328103, 37.328708, 46.213153, 29.346326, 36.482910, 42.977719, 48.901525, 31.180221, 37.717881, 40.420211, 51.206863, 31.887228, 40.978263, 43.772491,
    55.558567, 33.850915, 42.076383, 45.642292, 59.766780, 35.191877, 44.319737, 47.913736]
# Series, trend, damped, season, weights (alpha, beta = alpha * beta star, gamma, phi), first state.
SMOOTHED = [
    (OIL, None, False, None, [0.5], 440.0, 0.0, []),
    (AIR, "add", False, None, [0.8, 0.16], 17.0, 3.0, []),
    (SHEEP, "add", True, None, [0.7, 0.1, 0.9], 260.0, 5.0, []),
    (TOURISTS, None, False, "add", [0.3, 0.4], 33.0, 0.0, [9.0, -8.0, -1.0, 0.0]),
    (TOURISTS, "add", False, "add", [0.3, 0.03, 0.4], 32.0, 0.7, [10.0, -7.0, -1.0, -2.0]),
    (TOURISTS, "add", True, "add", [0.3, 0.06, 0.2, 0.9], 32.0, 0.7, [10.0, -7.0, -1.0, -2.0]),
    (TOURISTS, "add", False, "mul", [0.4, 0.02, 0.3], 32.0, 0.7, [1.25, 0.75, 0.97, 1.03]),
    (TOURISTS, "add", True, "mul", [0.4, 0.02, 0.3, 0.95], 32.0, 0.7, [1.25, 0.75, 0.97, 1.03]),
]


def smoothing():
    answers = []
    for values, trend, damped, season, weights, level, slope, parts in SMOOTHED:
        series = pd.Series(values)
        form = {"trend": trend, "damped_trend": damped, "seasonal": season, "seasonal_periods": len(parts) or None}
        first = {"initial_level": level, "initial_trend": slope if trend else None, "initial_seasonal": parts or None}
        if season == "mul":
            # ETSModel updates a multiplicative season by the new level, the book by the level that was expected. A forecast is what is fitted to a value after those before, and those forecast.
            extended = list(values)
            for _ in range(9):
                model = ExponentialSmoothing(pd.Series(extended + [1.0]), initialization_method="known", **form, **first)
                result = model.fit(smoothing_level=weights[0], smoothing_trend=weights[1] / weights[0], smoothing_seasonal=weights[2], damping_trend=weights[3] if damped else None, optimized=False)
                extended.append(float(result.fittedvalues.iloc[-1]))
            fitted, forecasts, frame = result.fittedvalues[:len(values)], extended[len(values):len(values) + 8], None
        else:
            result = ETSModel(series, error="add", initialization_method="known", **form, **first).smooth(weights)
            fitted, forecasts = result.fittedvalues, result.forecast(8)
            frame = result.get_prediction(start=len(values), end=len(values) + 7).summary_frame(alpha=0.05)
        fit = ExponentialSmoothing(series, initialization_method="estimated", **form).fit()
        answers.append({
            "values": values,
            "trend": "none" if trend is None else "damped" if damped else "additive",
            "season": {"add": "additive", "mul": "multiplicative", None: "none"}[season],
            "alpha": weights[0],
            "betaStar": weights[1] / weights[0] if trend else 0.0,
            "gamma": weights[2 if trend else 1] if season else 0.0,
            "phi": weights[-1] if damped else 1.0,
            "level": level,
            "slope": slope,
            "parts": parts,
            "fitted": np.asarray(fitted).tolist(),
            "forecasts": np.asarray(forecasts).tolist(),
            "factors": [] if frame is None else ((frame["pi_upper"] - frame["mean"]) / np.sqrt(result.scale)).tolist(),
            "bestSquaredErrors": float(fit.sse),
        })
    return answers


def main(folder):
    warnings.simplefilter("ignore")
    os.makedirs(os.path.join(HERE, "data"), exist_ok=True)
    expected = {"random": [], "real": {}, "ridge": {}, "smoothing": smoothing()}
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
