"""Python types as JSON constraints, through pydantic's `TypeAdapter`.

The schema is the one of validation, by alias. Two come from a type: pydantic's own, to be shown to a
model, and an internal one, which is compiled (`type_schemas`).
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
from typing_extensions import override

from canvasgen.errors import CanvasgenError, InvalidConstraint, UnsupportedConstraint, ValidationFailed
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.document.schema_source import Source
from canvasgen.schemas.types.type_schemas import InternalSchema, ShownSchema, Unreadable

__all__ = ["TypeSource", "load_type"]


class TypeSource(Source):
    """A type; `read` gives its instances."""

    python = True

    def __init__(self, document: Document, adapter: TypeAdapter[Any]) -> None:
        super().__init__(document)
        self.adapter = adapter

    @cached_property
    def _shown(self) -> Json:
        return self.adapter.json_schema(by_alias=True, mode="validation", schema_generator=ShownSchema)

    @property
    @override
    def written_schema(self) -> Json:
        return self._shown

    @override
    def read(self, text: str) -> Any:
        try:
            return self.adapter.validate_json(text)
        except ValidationError as error:
            raise ValidationFailed(
                "pydantic refuses the text", text=text, reasons=(_summary(error),), rule="pydantic"
            ) from error
        except TypeError as error:
            # A bound on a value of another kind (`ge` on Any): pydantic lets Python's own error through.
            raise ValidationFailed(
                "pydantic cannot read the text", text=text, reasons=(str(error),), rule="pydantic"
            ) from error


def _summary(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(step) for step in entry['loc']) or 'value'}: {entry['msg']}"
        for entry in error.errors(include_url=False, include_context=False, include_input=False)
    )


def load_type(wanted: Any) -> TypeSource:
    """Return the source of anything that pydantic's `TypeAdapter` takes.

    Raises:
        InvalidConstraint: pydantic cannot make an adapter for it.
        UnsupportedConstraint: pydantic has no JSON schema for it.
    """
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(wanted)
        document = adapter.json_schema(by_alias=True, mode="validation", schema_generator=InternalSchema)
    except PydanticInvalidForJsonSchema as error:
        raise UnsupportedConstraint(
            f"the type has no JSON form: {error.message}",
            path=error.path if isinstance(error, Unreadable) else None,
            rule="type",
            value=wanted,
            remedy="use a type with a JSON form, or give the field one with pydantic.WithJsonSchema",
        ) from error
    except PydanticSchemaGenerationError as error:
        raise InvalidConstraint(
            f"pydantic cannot read the type: {error.message}",
            rule="type",
            value=wanted,
            remedy="check the annotations of the type, as pydantic.TypeAdapter(type) reads them",
        ) from error
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise InvalidConstraint(
            f"pydantic refuses the type: {error.message}",
            rule="type",
            value=wanted,
            remedy="check the annotations of the type, as pydantic.TypeAdapter(type) reads them",
        ) from error
    except CanvasgenError:
        raise
    except Exception as error:  # a type may bring code of its own, which pydantic calls
        raise InvalidConstraint(
            f"pydantic cannot read the type: {error}",
            rule="type",
            value=_name(wanted),
            remedy="check the annotations of the type, as pydantic.TypeAdapter(type) reads them",
        ) from error
    return TypeSource(Document(document), adapter)


def _name(wanted: Any) -> str:
    return wanted.__name__ if inspect.isclass(wanted) else type(wanted).__name__
