"""Relations between the fields of a JSON text: paths, what a text says of them as it is read, and the judge of a value."""

from __future__ import annotations

from canvasgen.field_relations.field_memory import FieldMemory, Remembered
from canvasgen.field_relations.judging import judge
from canvasgen.field_relations.related_fields import RelatedFields, field_relations_in, related_fields

__all__ = ["FieldMemory", "RelatedFields", "Remembered", "field_relations_in", "judge", "related_fields"]
