"""typesafe-sdk: typed questions."""

from __future__ import annotations

import os

from typesafe_sdk import Choice, Noul, Score, TypeSafeClient

client = TypeSafeClient(api_key="none", base_url=os.environ["CANVASGEN_URL"], timeout=300)
print("ok models", [one.name for one in client.models.list().models])
result = client.system_one(
    state="Alice Smith, 34 years old, lives in Paris.",
    questions={
        "city": Choice(
            criteria={"Paris": None, "Rome": "the eternal city"}, instructions="Where does she live?"
        ),
        "old": Noul(instructions="Is she over 30?"),
        "score": Score(criteria=["bad", "good"]),
    },
    model="tiny",
)
assert {*result.choices["city"].probabilities} == {"Paris", "Rome"}
assert 0 <= result.nouls["old"].noul <= 1
assert {*result.scores["score"].legend} == {"0", "1"} or {*result.scores["score"].legend} == {0, 1}
print("ok system_one", result.choices["city"].choice, result.usage)
