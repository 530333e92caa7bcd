"""The exact posterior of a canvas, for research: log-partition, marginals, the best canvas, samples, on any logits.

python examples/posterior.py
"""

from __future__ import annotations

import numpy as np

import canvasgen as cg

vocabulary = cg.Vocabulary([b"a", b"b", b"ab", None], end_ids=[3])
shares = np.array([[0.5, 0.2, 0.2, 0.1], [0.1, 0.6, 0.1, 0.2], [0.1, 0.1, 0.1, 0.7]], dtype=np.float32)
posterior = cg.regex("ab").compile(vocabulary).condition(np.log(shares))

mass = 0.5 * 0.6 * 0.7 + 0.2 * 0.2  # by hand: "a", "b", end; or "ab", end, anything
print(f"{np.exp(posterior.log_partition):.4f} {mass:.4f}")
print(np.exp(posterior.marginals()[0]).round(2))
print(posterior.best, round(float(np.exp(posterior.best_log_prob)), 2))
samples = posterior.sample(2000, seed=0)
print(abs(float((samples[:, 0] == 2).mean()) - 0.2 * 0.2 / mass) < 0.03)


# Prints:
# 0.2500 0.2500
# [0.84 0.   0.16 0.  ]
# [0 1 3] 0.84
# True
