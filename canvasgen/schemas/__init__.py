"""JSON Schema and Python types: from what is written to a language of texts.

    schema | type --loader--> document --keywords--> normal form --texts--> regular expression over canonical JSON text

The normal form (`normal`) is exact: it means what the schema means, and it can be merged and subtracted. What
is emitted is the language of its canonical texts, an under-approximation: a text that is emitted stands for a value of
the normal form, except for what the validator at commit takes over; a value may have no text where the depth
or the digits end. `SchemaLanguage.notes` says which.
"""

from canvasgen.schemas.document.schema_source import Source
from canvasgen.schemas.language import SchemaLanguage
from canvasgen.schemas.loader import load
from canvasgen.schemas.texts.fences import FENCES, Fence
from canvasgen.schemas.texts.whitespace import STYLES, Style
from canvasgen.schemas.texts.writing import ORDERS, Order, Writing

__all__ = [
    "FENCES",
    "ORDERS",
    "STYLES",
    "Fence",
    "Order",
    "SchemaLanguage",
    "Source",
    "Style",
    "Writing",
    "load",
]
