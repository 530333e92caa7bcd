"""The rows of a dataset answered by workers on Ray, and kept as they come: what is kept is not answered again.

python examples/ray_batch.py        # pip install 'canvasgen[ray]'; Ray listens on all interfaces (docs/ray.md)
"""

from __future__ import annotations

import tempfile

import ray

from canvasgen.integrations.ray import CanvasProcessorConfig, answer

age = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
config = CanvasProcessorConfig(request={"schema": age, "seed": 0}, batch_size=2, concurrency=1)

ray.init(ignore_reinit_error=True, log_to_driver=False, include_dashboard=False)
ray.data.DataContext.get_current().enable_progress_bars = False
rows = [{"id": number, "prompt": f"Name: Bob; age: {20 + number}"} for number in range(4)]
with tempfile.TemporaryDirectory() as folder:
    print(answer(ray.data.from_items(rows[:3]), folder, config), "rows answered")
    print(answer(ray.data.from_items(rows), folder, config), "more when it runs again")
    for row in ray.data.read_parquet(folder).sort("id").take_all():
        print(row["id"], row["value"])


# Prints:
# 3 rows answered
# 1 more when it runs again
# 0 {"age": 20}
# 1 {"age": 21}
# 2 {"age": 22}
# 3 {"age": 23}
