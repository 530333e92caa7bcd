"""A model that answers batches of rows, as `ray.data.Dataset.map_batches` wants it; it does not need Ray itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from canvasgen.checks import is_mapping, whole_number
from canvasgen.errors import CanvasgenError, InvalidConstraint
from canvasgen.request.written import read_request

__all__ = ["ANSWERS", "CanvasPredictor", "check_settings"]

ANSWERS = ("text", "value", "outcome", "steps", "log_prob", "error")
"""The columns that an answer adds."""

Columns = dict[str, list[Any]]


class CanvasPredictor:
    """Answers a batch of rows: `dataset.map_batches(CanvasPredictor, fn_constructor_kwargs={"request": {…}}, …)`.

    A row has a prompt, and may have a request of its own, which is merged over the common one. What it gets are the columns
    `text`, `value` (JSON), `outcome`, `steps` (of all blocks), `log_prob`, and `error`: null, or a JSON object with the
    error's name, message, path, rule and remedy; then the others are null. So one bad row never stops the rest.

    Args:
        request: what every row is asked, as data (`docs/hosts.md` has the keys): `{"schema": {…}, "seed": 0}`.
        model: as for `canvasgen.load`; loaded once for each worker.
        prompt: the column of the prompt: a text, or chat messages as JSON.
        requests: the column of rows' own requests (JSON, or null); None: there is none.
        max_tokens: of one answer.
        rows: rows that go through the model together.

    Raises:
        InvalidConstraint: an argument is not what it should be; the common request has no meaning.
    """

    def __init__(
        self,
        request: Mapping[str, Any] | None = None,
        *,
        model: str | None = None,
        prompt: str = "prompt",
        requests: str | None = None,
        max_tokens: int | None = None,
        rows: int = 16,
    ) -> None:
        from canvasgen.api import load

        self._common = check_settings(request, rows)
        self._prompt, self._requests = prompt, requests
        self._max_tokens, self._rows = max_tokens, rows
        self._engine = load(model)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Return the batch with the columns of the answers; `batch` maps columns to arrays or lists of equal lengths."""
        if self._prompt not in batch:
            raise InvalidConstraint(
                "the rows have no such column",
                path=self._prompt,
                rule="prompt",
                value=sorted(batch),
                remedy="name a column that is there",
            )
        prompts: Sequence[Any] = batch[self._prompt]
        own: Sequence[Any] = batch[self._requests] if self._requests is not None else [None] * len(prompts)
        asked: list[Any] = []
        failed: dict[int, CanvasgenError] = {}
        for number, (prompt, request) in enumerate(zip(prompts, own, strict=True)):
            try:
                asked.append((number, self._request(prompt, request)))
            except CanvasgenError as error:
                failed[number] = error
        made = self._engine.batch([request for _, request in asked], size=self._rows, errors="return")
        answers: dict[int, Any] = {number: one for (number, _), one in zip(asked, made, strict=True)}
        columns = _columns([answers.get(number, failed.get(number)) for number in range(len(prompts))])
        return {**batch, **columns}

    def _request(self, prompt: Any, own: object) -> Any:
        given: Any = (
            json.loads(prompt) if isinstance(prompt, str) and prompt.startswith('[{"role"') else prompt
        )
        if own is None or own == "" or own != own:  # missing: NaN where a column has no text at all
            fields = self._common
        else:
            fields = {**self._common, **_object(own)}
        request = read_request(fields, given)
        return {
            name: getattr(request, name)
            for name in request.__dataclass_fields__
            if getattr(request, name) is not None
        } | {"on_step_limit": "return", "max_tokens": self._max_tokens}


def check_settings(request: object, rows: int) -> dict[str, Any]:
    """Return the common request as a dict, checked before any worker starts.

    Raises:
        CanvasgenError: it has no meaning.
    """
    whole_number(rows, rule="rows", low=1)
    common = {} if request is None else _object(request)
    asked = read_request(common, "")
    if not asked.grounded:  # what is grounded needs the prompt of a row
        asked.resolve()
    return common


def _object(value: object) -> dict[str, Any]:
    read: object = value
    if isinstance(value, str):
        try:
            read = json.loads(value)
        except ValueError as error:
            raise InvalidConstraint(
                f"no JSON: {error}", path="$", rule="JSON", value=value, remedy="write one JSON object"
            ) from error
    if not is_mapping(read):
        raise InvalidConstraint(
            "a request is a JSON object",
            path="$",
            rule="JSON",
            value=value,
            remedy='write an object: {"regex": "…"}',
        )
    return {str(name): one for name, one in read.items()}


def _columns(answers: Sequence[Any]) -> Columns:
    columns: Columns = {name: [] for name in ANSWERS}
    for one in answers:
        row = _failure(one) if isinstance(one, CanvasgenError) else _success(one)
        for name in ANSWERS:
            columns[name].append(row[name])
    return columns


def _success(made: Any) -> dict[str, Any]:
    return {
        "text": made.text,
        "value": json.dumps(made.value, ensure_ascii=False, default=str),
        "outcome": made.outcome.name.lower(),
        "steps": int(sum(made.steps)),
        "log_prob": float(made.log_prob),
        "error": None,
    }


def _failure(error: CanvasgenError) -> dict[str, Any]:
    told = {"error": type(error).__name__, "message": str(error)}
    told |= {
        name: str(one) for name in ("path", "rule", "remedy") if (one := getattr(error, name)) is not None
    }
    return {**dict.fromkeys(ANSWERS), "error": json.dumps(told, ensure_ascii=False)}
