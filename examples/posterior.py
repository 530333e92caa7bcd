"""What a posterior answers, for logits that you bring: a research question about a pattern, without the loop.

python examples/posterior.py
"""

from __future__ import annotations

import numpy as np

import canvasgen as cg

vocabulary = cg.Vocabulary([b"a", b"b", b"ab", None], end_ids=[3])
compiled = cg.regex("(ab)+|b").compile(vocabulary)
logits = np.log(np.array([[5, 2, 2, 1], [1, 6, 2, 1], [2, 1, 1, 6], [1, 1, 1, 7]], np.float32) / 10)
posterior = compiled.condition(logits)
print("mass on valid canvases", round(float(np.exp(posterior.log_partition)), 4))
print("most probable", vocabulary.text_bytes(posterior.best).decode())
print("each token in the first place", [round(float(one), 3) for one in np.exp(posterior.marginals()[0])])
texts = [vocabulary.text_bytes(ids).decode() for ids in np.asarray(posterior.sample(1000, seed=0))]
print({text: texts.count(text) / 1000 for text in sorted(set(texts))})


# Prints:
# mass on valid canvases 0.2796
# most probable ab
# each token in the first place [0.751, 0.072, 0.177, 0.0]
# {'ab': 0.726, 'abab': 0.186, 'ababab': 0.023, 'abababab': 0.005, 'b': 0.06}
