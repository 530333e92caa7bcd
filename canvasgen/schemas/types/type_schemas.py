"""The schema that is compiled for a Python type: pydantic's own, made to say what pydantic reads from JSON.

Objects are closed; decimals, URLs, keys, tags, paths of aliases and JSON inside strings say what pydantic asks of
them. What JSON cannot hold (a callable, a class, an enum member that is a tuple) is left out of a union and
refused elsewhere, with the path of the field.
"""

from __future__ import annotations

import enum
import json
import zoneinfo
from collections.abc import Iterable
from typing import Any

from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import (
    SchemaError,
    SchemaValidator,
    ValidationError,
    core_schema,
    to_jsonable_python,
)
from typing_extensions import override

from canvasgen.schemas.document.keywords import DECIMAL_TEXT, JSON_TEXT
from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.types.alias_paths import move_aliases
from canvasgen.schemas.types.type_bounds import decimal_numbers, within
from canvasgen.schemas.types.type_patterns import in_ecma, url_pattern

__all__ = ["InternalSchema", "ShownSchema", "Unreadable"]

_PLAIN_DECIMAL = r"(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,17})?"
_OFFSET = r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_ZONES = {"aware": f"{_OFFSET}$", "naive": "T[0-9:.]*$"}
_BARRED = frozenset(("import_string", "pattern_bytes_validator"))
"""Pydantic's validators of names to import (a model's text must not choose what is imported), and of patterns of
bytes, which JSON cannot hold."""
_FRACTION = "^-?(?:0|[1-9][0-9]{0,18})(?:/[1-9][0-9]{0,18})?$"


class Unreadable(PydanticInvalidForJsonSchema):
    """Nothing that JSON can hold is read as the type.

    Attributes:
        path: JSON path of the field.
    """

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


class ShownSchema(GenerateJsonSchema):
    """Pydantic's schema, to be shown to a model; what JSON cannot hold is left out where null is left."""

    @override
    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        try:
            return super().nullable_schema(schema)
        except PydanticInvalidForJsonSchema:
            return {"type": "null"}


class InternalSchema(ShownSchema):
    """The schema that is compiled."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._fields: dict[int, str] = {}
        self._where: list[str] = []
        self._configs: list[dict[str, Any]] = [{}]

    # --- what JSON cannot hold ------------------------------------------------------------------------------

    @override
    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> JsonSchemaValue:
        raise Unreadable(f"JSON cannot hold {error_info}", ".".join(("$", *self._where)))

    @override
    def generate_inner(self, schema: Any) -> JsonSchemaValue:
        if schema["type"] == "function-plain":
            function = schema["function"]["function"]
            name = getattr(function, "__name__", "")
            if name in _BARRED and function.__module__.startswith("pydantic."):
                return self.handle_invalid_for_json_schema(schema, f"what `{name}` reads")
        return super().generate_inner(schema)

    @override
    def is_subclass_schema(self, schema: core_schema.IsSubclassSchema) -> JsonSchemaValue:
        return self.handle_invalid_for_json_schema(schema, "a class")

    @override
    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        plain = [value.value if isinstance(value, enum.Enum) else value for value in schema["expected"]]
        return self._listed(schema, plain, super().literal_schema(schema))

    @override
    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        plain = [member.value for member in schema["members"]]
        return self._listed(schema, plain, super().enum_schema(schema))

    def _listed(self, schema: Any, values: list[Any], found: JsonSchemaValue) -> JsonSchemaValue:
        """Return a finite list without the values that pydantic does not read from JSON."""
        texts = [to_jsonable_python(value) for value in values]
        kept = [text for text in texts if _reads(schema, text)]
        if not kept:
            return self.handle_invalid_for_json_schema(schema, f"any of {values!r}")
        if len(kept) == len(texts):
            return found
        return {"title": found["title"], "enum": kept} if "title" in found else {"enum": kept}

    # --- objects --------------------------------------------------------------------------------------------

    @override
    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return _closed(self._configured(super().model_schema, schema))

    @override
    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        return _closed(self._configured(super().dataclass_schema, schema))

    @override
    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        self._name(schema["fields"].items())
        made = self._configured(super().typed_dict_schema, schema)
        return _closed(move_aliases(made, schema["fields"].items(), schema.get("config") or {}))

    @override
    def model_fields_schema(self, schema: core_schema.ModelFieldsSchema) -> JsonSchemaValue:
        self._name(schema["fields"].items())
        found = super().model_fields_schema(schema)
        return move_aliases(found, schema["fields"].items(), self._configs[-1])

    @override
    def dataclass_args_schema(self, schema: core_schema.DataclassArgsSchema) -> JsonSchemaValue:
        fields = [(field["name"], field) for field in schema["fields"]]
        self._name(fields)
        return move_aliases(super().dataclass_args_schema(schema), fields, self._configs[-1])

    def _configured(self, make: Any, schema: Any) -> JsonSchemaValue:
        self._configs.append({**self._configs[-1], **(schema.get("config") or {})})
        try:
            return make(schema)
        finally:
            self._configs.pop()

    def _name(self, fields: Iterable[tuple[str, Any]]) -> None:
        self._fields.update((id(field), name) for name, field in fields)

    def _inside(self, make: Any, field: Any) -> JsonSchemaValue:
        self._where.append(self._fields.get(id(field), "?"))
        try:
            return make(field)
        finally:
            self._where.pop()

    @override
    def model_field_schema(self, schema: core_schema.ModelField) -> JsonSchemaValue:
        return self._inside(super().model_field_schema, schema)

    @override
    def dataclass_field_schema(self, schema: core_schema.DataclassField) -> JsonSchemaValue:
        return self._inside(super().dataclass_field_schema, schema)

    @override
    def typed_dict_field_schema(self, schema: core_schema.TypedDictField) -> JsonSchemaValue:
        return self._inside(super().typed_dict_field_schema, schema)

    @override
    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Return the schema of a dict: keys are the texts of the key type, of which pydantic's own schema omits many."""
        found = super().dict_schema(schema)
        if "patternProperties" in found:
            found.setdefault("additionalProperties", False)
        elif "keys_schema" in schema:
            keys = self._key_texts(self.generate_inner(schema["keys_schema"]), schema["keys_schema"])
            found.pop("propertyNames", None)
            if keys is not True:
                found["propertyNames"] = keys
        return found

    def _key_texts(self, keys: JsonSchemaValue, core: Any) -> Any:
        """Return the schema of the strings that pydantic reads as keys of a type; True for any."""
        if "$ref" in keys:
            known = self.get_schema_from_definitions(keys["$ref"])
            return True if known is None else self._key_texts(known, core)
        if "anyOf" in keys:
            choices = [self._key_texts(choice, core) for choice in keys["anyOf"]]
            return True if True in choices else {"anyOf": choices}
        if "enum" in keys or "const" in keys:
            whole = core_schema.dict_schema(core, core_schema.any_schema())
            texts = [_key_text(value) for value in keys.get("enum", [keys.get("const")])]
            return {"enum": [text for text in texts if _reads(whole, {text: None})]}
        kind = keys.get("type")
        if kind in ("integer", "number"):
            return {"type": "string", DECIMAL_TEXT: keys}
        if kind == "boolean":
            return {"enum": ["true", "false"]}
        if kind == "string":
            return True if set(keys) <= {"type", "title", "description"} else keys
        return kind is None

    @override
    def tagged_union_schema(self, schema: core_schema.TaggedUnionSchema) -> JsonSchemaValue:
        """Return the schema of a tagged union: pydantic needs the tag even if the member's own schema has a
        default for it."""
        found = super().tagged_union_schema(schema)
        members = found.pop("oneOf", None)
        if members is None:
            return found
        tag = found.get("discriminator", {}).get("propertyName")
        if tag is not None:
            members = [{"allOf": [member], "required": [tag]} for member in members]
        return {**found, "anyOf": members}

    # --- scalars --------------------------------------------------------------------------------------------

    @override
    def json_schema(self, schema: core_schema.JsonSchema) -> JsonSchemaValue:
        inner = schema.get("schema")
        return {"type": "string", JSON_TEXT: {} if inner is None else self.generate_inner(inner)}

    @override
    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        found = super().str_schema(schema)
        if "pattern" in found:
            found["pattern"] = in_ecma(found["pattern"])
        return found

    @override
    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        found = super().bytes_schema(schema)
        if self._configs[-1].get("val_json_bytes") == "hex":
            return {"type": "string", "pattern": "^(?:[0-9a-f]{2})*$"}
        return found

    @override
    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:
        written = {"type": "string", "format": "duration"}
        if self._configs[-1].get("ser_json_timedelta") == "float":
            day = 86_400
            bounds = {"minimum": -999_999 * day, "maximum": 999_999 * day}
            return {"anyOf": [{"type": "number", **bounds}, written]}
        return written

    @override
    def date_schema(self, schema: core_schema.DateSchema) -> JsonSchemaValue:
        return within(super().date_schema(schema), schema)

    @override
    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        found = within(super().datetime_schema(schema), schema)
        zone = schema.get("tz_constraint")
        return {**found, "allOf": [{"pattern": _ZONES[zone]}]} if isinstance(zone, str) else found

    @override
    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        number = decimal_numbers(schema)
        return {"anyOf": [number, {"type": "string", DECIMAL_TEXT: number}]}

    @override
    def url_schema(self, schema: core_schema.UrlSchema) -> JsonSchemaValue:
        return _url(super().url_schema(schema), schema)

    @override
    def multi_host_url_schema(self, schema: core_schema.MultiHostUrlSchema) -> JsonSchemaValue:
        return _url(super().multi_host_url_schema(schema), schema)

    @override
    def complex_schema(self, schema: core_schema.ComplexSchema) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": f"^-?{_PLAIN_DECIMAL}[+-]{_PLAIN_DECIMAL}j$",
        }

    @override
    def generate(self, schema: Any, mode: Any = "validation") -> JsonSchemaValue:
        made = super().generate(schema, mode)
        _replace_formats(made)
        return made


def _reads(schema: Any, value: Any) -> bool:
    try:
        SchemaValidator(schema).validate_json(json.dumps(value))
    except ValidationError:
        return False
    except SchemaError:
        return True
    return True


def _key_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _closed(schema: JsonSchemaValue) -> JsonSchemaValue:
    if "properties" in schema or schema.get("type") == "object":
        schema.setdefault("additionalProperties", False)
    return schema


def _url(found: JsonSchemaValue, schema: Any) -> JsonSchemaValue:
    found.pop("format", None)
    several = schema["type"] == "multi-host-url"
    return {**found, "pattern": url_pattern(schema.get("allowed_schemes") or [], several_hosts=several)}


def _replace_formats(schema: Json) -> None:
    """Replace finite or regular formats that only pydantic has."""
    if isinstance(schema, list):
        for entry in schema:
            _replace_formats(entry)
    elif isinstance(schema, dict):
        if schema.get("type") == "string" and schema.get("format") == "zoneinfo":
            del schema["format"]
            schema["enum"] = [*sorted(zoneinfo.available_timezones())]
        elif schema.get("type") == "string" and schema.get("format") == "fraction":
            schema["pattern"] = _FRACTION
            del schema["format"]
        for entry in schema.values():
            _replace_formats(entry)
