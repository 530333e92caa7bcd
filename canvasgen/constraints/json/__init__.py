"""JSON Schema and Python types as constraints.

    schema | type --loader--> schema dict --translate--> normal form --emit--> regular expression over
    canonical JSON text

The normal form (`normal`) is exact: it means what the schema means, and it can be merged and subtracted. What
is emitted is the language of its canonical texts, from below: a text that is emitted stands for a value of
the normal form, except for what the validator at commit takes over; a value may have no text where the depth
or the digits end. `Constraint.explain()` says which.
"""

from canvasgen.constraints.json.constraint import JsonSchema, json_schema

__all__ = ["JsonSchema", "json_schema"]
