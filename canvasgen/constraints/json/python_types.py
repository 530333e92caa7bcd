"""Python types as JSON constraints, through pydantic's `TypeAdapter`.

The schema is the one of validation, by alias. Two come from a type: pydantic's own, to be shown to a
model, and an internal one, which is compiled: in it objects are closed, and decimals, URLs, keys and tags say
what pydantic asks of them.
"""

from __future__ import annotations

import inspect
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import (
    PydanticInvalidForJsonSchema,
    PydanticSchemaGenerationError,
    PydanticUndefinedAnnotation,
    PydanticUserError,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema
from typing_extensions import override

from canvasgen.constraints.json.assertions import DECIMAL_TEXT
from canvasgen.constraints.json.document import Document
from canvasgen.constraints.json.loader import Source
from canvasgen.errors import InvalidConstraint, UnsupportedConstraint, ValidationFailed

__all__ = ["TypeSource", "load_type"]

_MOST_DECIMAL_DIGITS = 40
_PLAIN_DECIMAL = r"(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,17})?"


class TypeSource(Source):
    """A type; `read` gives its instances."""

    python = True

    def __init__(self, document: Document, adapter: TypeAdapter[Any]) -> None:
        super().__init__(document)
        self.adapter = adapter

    @cached_property
    def _shown(self) -> Any:
        return self.adapter.json_schema(by_alias=True, mode="validation")

    @property
    @override
    def prompt_schema(self) -> Any:
        return self._shown

    @override
    def read(self, text: str) -> Any:
        try:
            return self.adapter.validate_json(text)
        except ValidationError as error:
            raise ValidationFailed(
                "pydantic refuses the text", text=text, reasons=(_summary(error),), rule="pydantic"
            ) from error


def _summary(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(step) for step in entry['loc']) or 'value'}: {entry['msg']}"
        for entry in error.errors(include_url=False, include_context=False, include_input=False)
    )


def load_type(wanted: Any) -> TypeSource:
    """The source of anything that pydantic's `TypeAdapter` takes.

    Raises:
        InvalidConstraint: pydantic cannot make an adapter for it.
        UnsupportedConstraint: pydantic has no JSON schema for it.
    """
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(wanted)
        document = adapter.json_schema(by_alias=True, mode="validation", schema_generator=_InternalSchema)
    except PydanticInvalidForJsonSchema as error:
        raise UnsupportedConstraint(
            f"the type has no JSON form: {error.message}", rule="type", value=wanted
        ) from error
    except PydanticSchemaGenerationError as error:
        raise InvalidConstraint(
            f"pydantic cannot read the type: {error.message}", rule="type", value=wanted
        ) from error
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise InvalidConstraint(
            f"pydantic refuses the type: {error.message}", rule="type", value=wanted
        ) from error
    except (TypeError, NameError, RecursionError) as error:
        raise InvalidConstraint(
            f"pydantic cannot read the type: {error}", rule="type", value=_name(wanted)
        ) from error
    return TypeSource(Document(document), adapter)


def _name(wanted: Any) -> str:
    return wanted.__name__ if inspect.isclass(wanted) else type(wanted).__name__


class _InternalSchema(GenerateJsonSchema):
    """Pydantic's schema with closed objects, decimals by their digits, and URLs by their scheme."""

    @override
    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return _closed(super().model_schema(schema))

    @override
    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return _closed(super().dataclass_schema(schema))

    @override
    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return _closed(super().typed_dict_schema(schema))

    @override
    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        bounds: dict[str, Any] = {"type": "number"}
        names = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
        for name, keyword in (*names.items(), ("multiple_of", "multipleOf")):
            value = schema.get(name)
            if value is not None:
                bounds[keyword] = _plain_number(value)
        shapes = [
            {**bounds, **limits}
            for limits in _digit_limits(schema.get("max_digits"), schema.get("decimal_places"))
        ]
        number: dict[str, Any] = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
        return {"anyOf": [number, {"type": "string", DECIMAL_TEXT: number}]}

    @override
    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Keys are the texts of the key type; pydantic's own schema leaves many key types out."""
        found = super().dict_schema(schema)
        if "patternProperties" in found:
            found.setdefault("additionalProperties", False)
        if "propertyNames" not in found and "keys_schema" in schema:
            keys = self.generate_inner(schema["keys_schema"])
            kind = keys.get("type")
            if kind in ("integer", "number"):
                found["propertyNames"] = {"type": "string", DECIMAL_TEXT: keys}
            elif kind == "boolean":
                found["propertyNames"] = {"enum": ["true", "false"]}
            elif kind == "string" and "format" in keys:
                found["propertyNames"] = keys
        return found

    @override
    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Pydantic needs the tag to be there even where the member's own schema has a default for it."""
        found = super().tagged_union_schema(schema)
        members = found.pop("oneOf", None)
        if members is None:
            return found
        tag = found.get("discriminator", {}).get("propertyName")
        if tag is not None:
            members = [{"allOf": [member], "required": [tag]} for member in members]
        return {**found, "anyOf": members}

    @override
    def url_schema(self, schema: core_schema.UrlSchema) -> JsonSchemaValue:
        found = super().url_schema(schema)
        schemes = schema.get("allowed_schemes") or []
        if "http" in schemes or "https" in schemes:
            found["format"] = "http-url"
            if "http" not in schemes:
                found["pattern"] = "^https:"
        elif schemes:
            found["pattern"] = f"^(?:{'|'.join(schemes)}):"
        return found

    @override
    def multi_host_url_schema(self, schema: core_schema.MultiHostUrlSchema) -> JsonSchemaValue:
        found = super().multi_host_url_schema(schema)
        schemes = schema.get("allowed_schemes") or []
        if schemes:
            found["pattern"] = f"^(?:{'|'.join(scheme.replace('+', chr(92) + '+') for scheme in schemes)}):"
        return found

    @override
    def complex_schema(self, schema: core_schema.ComplexSchema) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": f"^-?{_PLAIN_DECIMAL}[+-]{_PLAIN_DECIMAL}j$",
        }


def _closed(schema: JsonSchemaValue) -> JsonSchemaValue:
    if "properties" in schema or schema.get("type") == "object":
        schema.setdefault("additionalProperties", False)
    return schema


def _plain_number(value: Any) -> int | float:
    """A decimal bound as JSON has it; exact for what a float shows."""
    number = float(value)
    return int(value) if value == int(value) else number


def _digit_limits(digits: int | None, places: int | None) -> list[dict[str, Any]]:
    """What `max_digits` and `decimal_places` say, as bounds and steps; a list of alternatives."""
    if digits is not None and digits > _MOST_DECIMAL_DIGITS:
        digits = None
    if digits is None:
        return [{}] if places is None or places > _MOST_DECIMAL_DIGITS else [{"multipleOf": _unit(places)}]
    most = digits if places is None else min(places, digits)
    fewest = 0 if places is None else most
    found: list[dict[str, Any]] = []
    for after in range(fewest, most + 1):
        limit = 10 ** (digits - after)
        limits = {
            "allOf": [{"exclusiveMinimum": -limit, "exclusiveMaximum": limit, "multipleOf": _unit(after)}]
        }
        found.append(limits)
    return found


def _unit(places: int) -> int | float:
    return 1 if places == 0 else float(f"1e-{places}")
