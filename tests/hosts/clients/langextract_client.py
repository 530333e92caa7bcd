"""langextract: extractions with places in the source, through its provider for OpenAI's interface.

It asks for its own form of JSON by examples in the prompt and `json_object`: the form is the model's to follow, so that the
embedded model gives valid JSON of whatever keys. What is checked is that requests and answers go through.
"""

from __future__ import annotations

import os

import langextract as lx
from langextract.providers.openai import OpenAILanguageModel

model = OpenAILanguageModel(model_id="tiny", api_key="none", base_url=os.environ["CANVASGEN_URL"] + "/v1")
answers = [*model.infer(["Alice Smith, 34 years old, lives in Paris."])]
assert answers[0][0].output
print("ok infer", answers[0][0].output[:60], lx.__name__)
