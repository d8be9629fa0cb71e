"""K-means of scikit-learn over rows.f32 from the first centroids in first.f32: seconds and seconds of CPU of each training, and what came out."""
import json
import sys
import time

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_info

folder, n, d, k, iterations, times = sys.argv[1], *map(int, sys.argv[2:])
rows = np.fromfile(f"{folder}/rows.f32", dtype=np.float32).reshape(n, d)
first = np.fromfile(f"{folder}/first.f32", dtype=np.float32).reshape(k, d)
seconds, cpu = [], []
for _ in range(times):
    begin, used = time.perf_counter(), time.process_time()
    model = KMeans(n_clusters=k, init=first, n_init=1, max_iter=iterations, tol=0, algorithm="lloyd").fit(rows)
    seconds.append(time.perf_counter() - begin)
    cpu.append(time.process_time() - used)
centres = model.cluster_centers_.astype(np.float64)
inertia = sum(float(((rows[i:i + 100_000] - centres[model.labels_[i:i + 100_000]]) ** 2).sum()) for i in range(0, n, 100_000))
blas = [library["internal_api"] for library in threadpool_info() if library["user_api"] == "blas"]
print(json.dumps({"blas": blas[0] if blas else "the reference BLAS", "seconds": seconds, "cpu": cpu, "iterations": int(model.n_iter_), "inertia": inertia}))
