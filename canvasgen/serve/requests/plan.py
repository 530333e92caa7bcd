"""One request of a client, understood: a prompt, what the answer must be, and how it is generated and told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from canvasgen.constraints import Constraint
from canvasgen.limits import Limits
from canvasgen.request import Prompt, Request
from canvasgen.serve.protocol.answer_shapes import Extension, TraceWish
from canvasgen.serve.protocol.api_error import ApiError
from canvasgen.serve.protocol.chat_body import ChatBody, CompletionBody, Sampling
from canvasgen.serve.protocol.wire import ignored_in, listed, read_as, refuse_unknown
from canvasgen.serve.requests.formats import extended, one_of_recipes, recipes_of_sampling, said_in
from canvasgen.serve.requests.messages import messages_of
from canvasgen.serve.requests.recipe import FREE, Recipe
from canvasgen.serve.requests.thinking import THOUGHTS, Thinking, thinking_of
from canvasgen.serve.requests.tool_use import ToolUse, legacy, tool_use
from canvasgen.serve.settings import ServeSettings
from canvasgen.trace import Tracing

__all__ = ["Plan", "plan_of_chat", "plan_of_sampling", "plans_of_completion", "within_limits"]

_MEANINGLESS = ("best_of",)
_COMPLETION_TOKENS = {"max_tokens": "$.max_completion_tokens"}


@dataclass(frozen=True)
class Plan:
    """What one prompt asks for.

    Attributes:
        prompt: a text, or messages.
        recipe: what the answer must be.
        options: settings of `canvasgen.Request`.
        validators: the names of those that the value has to pass.
        n: answers.
        seed: of the first answer; the others have the next ones. None: new ones each time.
        stops: where a free text is cut.
        logprobs: alternatives of each token; None: no log-probabilities.
        tools: how the text is read as calls; None: it is content.
        told: which of canvasgen's own keys add to the stream and to the answer.
        ignored: keys that were sent and change nothing.
        stream: whether it is told as it comes.
        with_usage: whether the stream ends with the usage.
        timeout: seconds; None: the server's.
        edits: whether accepted answers count as edits.
        hides_thoughts: whether the thoughts before the answer are not told.
        trace: what is recorded of each step; `steps`: what always is; None: nothing is told of it.
        places: by rule, the JSON paths of keys beside the constraint that an error may be about.
    """

    prompt: Prompt
    recipe: Recipe = FREE
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    validators: tuple[str, ...] = ()
    n: int = 1
    seed: int | None = None
    stops: tuple[str, ...] = ()
    logprobs: int | None = None
    tools: ToolUse | None = None
    told: frozenset[Literal["drafts", "partial", "probabilities"]] = frozenset()
    ignored: tuple[str, ...] = ()
    stream: bool = False
    with_usage: bool = False
    timeout: float | None = None
    edits: bool = False
    hides_thoughts: bool = False
    trace: Tracing | Literal["steps"] | None = None
    places: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def thinks(self) -> bool:
        """Whether there are thoughts before the answer."""
        return self.recipe.thoughts > 0

    def having(self, **changed: Any) -> Plan:
        """Return the same plan but for some of its attributes."""
        return replace(self, **changed)

    def request(
        self,
        constraint: Constraint | None,
        number: int,
        settings: ServeSettings,
        validators: Sequence[Callable[[object], object]] = (),
    ) -> Request:
        """Return the request of one of the answers; the validators are those of its names, ready to be called."""
        return Request(
            self.prompt,
            constraint=constraint,
            seed=None if self.seed is None else self.seed + number,
            validators=validators,
            on_step_limit="return",
            logprobs=self.logprobs,
            trace=self.trace or "steps",
            limits=Limits(max_seconds=settings.judge_seconds),
            **self.options,
        )


def plan_of_chat(body: ChatBody, settings: ServeSettings) -> Plan:
    """Return the plan of `/v1/chat/completions`.

    Raises:
        ApiError: the body asks for something impossible.
    """
    body = legacy(body)
    is_legacy = bool(body.functions)
    found = tool_use(body, is_legacy=is_legacy)
    recipes = recipes_of_sampling(body)
    use = None
    if found is not None:
        recipe, use = found
        use = replace(use, is_legacy=is_legacy)
        # With tools that may be called, the format is that of the answer without a call: only free text goes with it.
        recipes = [recipe, *recipes]
    messages = messages_of(body.messages)
    if body.top_logprobs and not body.logprobs:
        raise ApiError(400, "top_logprobs goes with logprobs", "invalid_request", "$.top_logprobs")
    tokens = body.max_completion_tokens if body.max_completion_tokens is not None else body.max_tokens
    thinking = thinking_of(
        _extension(body),
        body.reasoning,
        effort=body.reasoning_effort,
        include=body.include_reasoning,
        max_tokens=tokens or settings.usual_tokens,
    )
    plan = plan_of_sampling(body, messages, recipes, settings, thinking)
    if tokens is None and thinking.tokens > settings.usual_tokens:
        tokens = settings.usual_tokens + thinking.tokens
    return within_limits(
        replace(
            plan,
            tools=use,
            logprobs=(body.top_logprobs or 0) if body.logprobs else None,
            options={**plan.options, "max_tokens": tokens},
            places={**plan.places, **({} if body.max_completion_tokens is None else _COMPLETION_TOKENS)},
        ),
        settings,
    )


def plans_of_completion(body: CompletionBody, settings: ServeSettings) -> list[Plan]:
    """Return the plans of `/v1/completions`, one for each prompt."""
    if body.suffix:
        raise ApiError(400, "take /v1/infill for a text with a suffix", "unsupported_parameter", "$.suffix")
    prompts = listed(body.prompt)
    if any(not prompt for prompt in prompts):
        raise ApiError(400, "a prompt is empty", "empty_prompt", "$.prompt")
    plans: list[Plan] = []
    for number, prompt in enumerate(prompts):
        plan = plan_of_sampling(body, prompt, recipes_of_sampling(body), settings)
        seed = None if plan.seed is None else plan.seed + number * plan.n
        options = {**plan.options, "max_tokens": body.max_tokens}
        plans.append(replace(plan, logprobs=body.logprobs, seed=seed, options=options))
    if sum(plan.n for plan in plans) > settings.choices:
        raise ApiError(400, f"at most {settings.choices} answers to one request", "too_many_choices", "$.n")
    return [within_limits(plan, settings) for plan in plans]


def plan_of_sampling(
    body: Sampling,
    prompt: Prompt,
    recipes: list[Recipe],
    settings: ServeSettings,
    thinking: Thinking | None = None,
) -> Plan:
    """Return the plan of what both endpoints have: how to generate, and what the answer must be.

    Args:
        body: how.
        prompt: of the answer.
        recipes: what the answer must be; at most one.
        settings: the limits.
        thinking: what comes before the answer; None: what canvasgen's own keys say.
    """
    extension = _extension(body)
    if thinking is None:
        thinking = thinking_of(extension, None, max_tokens=body.max_tokens or settings.usual_tokens)
    stops = [stop for stop in listed(body.stop) if stop]
    recipe = extended(
        one_of_recipes(recipes),
        extension,
        sources=said_in(prompt),
        stops=stops,
        thoughts=thinking.tokens,
    )
    told: set[Literal["drafts", "partial", "probabilities"]] = set()
    if extension.drafts:
        told.add("drafts")
    if extension.partial:
        told.add("partial")
    if extension.probabilities:
        told.add("probabilities")
    return Plan(
        prompt,
        recipe,
        options=_options(body, extension),
        validators=tuple(extension.validators),
        n=body.n or 1,
        seed=body.seed,
        stops=tuple(stops) if recipe.is_free else (),
        told=frozenset(told),
        ignored=tuple(_ignored(body)),
        stream=bool(body.stream),
        with_usage=body.stream_options is not None and body.stream_options.include_usage,
        timeout=extension.timeout,
        places=_places(body, extension, thinking),
        hides_thoughts=not thinking.is_told,
        trace=_trace(extension),
    )


def _extension(body: Sampling) -> Extension:
    """Return canvasgen's own keys, which may also be JSON text in `vllm_xargs`."""
    inside = (body.vllm_xargs or {}).get("canvasgen")
    if inside is None:
        made = body.canvasgen or Extension()
        refuse_unknown(made, "$.canvasgen")
        return made
    if body.canvasgen is not None:
        raise ApiError(400, "canvasgen is given twice", "invalid_request", "$.vllm_xargs.canvasgen")
    if not isinstance(inside, str | dict):
        raise ApiError(400, "not the keys of canvasgen", "invalid_request", "$.vllm_xargs.canvasgen")
    made = read_as(Extension, inside, "$.vllm_xargs.canvasgen")
    refuse_unknown(made, "$.vllm_xargs.canvasgen")
    if made.template is not None or made.table is not None:
        raise ApiError(
            400, "give a template or a table under canvasgen", "invalid_request", "$.vllm_xargs.canvasgen"
        )
    return made


_KEYS = ("contains", "excludes", "relations", "quality", "target_ms", "max_denoising_steps", "temperature")


def _places(body: Sampling, extension: Extension, thinking: Thinking) -> dict[str, str]:
    """Return where the keys are that were sent beside the constraint, by the rules that errors name."""
    at = "$.canvasgen" if body.canvasgen is not None else "$.vllm_xargs.canvasgen"
    found = {name: f"{at}.{name}" for name in _KEYS if getattr(extension, name) not in (None, [])}
    if extension.positions is not None:
        sent = {"fixed": extension.positions.fixed, "near": extension.positions.near}
        found |= {name: f"{at}.positions.{name}" for name, value in sent.items() if value}
    if thinking.tokens:
        found[THOUGHTS] = thinking.at
    return found


def _trace(extension: Extension) -> Tracing | Literal["steps"] | None:
    wish = extension.trace
    if isinstance(wish, TraceWish):
        return Tracing(wish.top, wish.positions)
    if wish == "steps":
        return "steps"
    return Tracing() if wish else None


def _options(body: Sampling, extension: Extension) -> dict[str, Any]:
    """Return the settings of a request; OpenAI's usual temperature, 1, means the model's own schedule."""
    temperature = extension.temperature
    if temperature is None and body.temperature != 1:
        temperature = body.temperature
    return {
        "temperature": temperature,
        "quality": extension.quality,
        "target_ms": extension.target_ms,
        "max_denoising_steps": extension.max_denoising_steps,
        "prompt_schema": extension.prompt_schema,
        "probabilities": extension.probabilities,
    }


def _ignored(body: Sampling) -> list[str]:
    others = [f"vllm_xargs.{name}" for name in body.vllm_xargs or {} if name != "canvasgen"]
    return [*ignored_in(body, _MEANINGLESS), *others]


def within_limits(plan: Plan, settings: ServeSettings) -> Plan:
    """Return the plan, with the server's limits checked.

    Raises:
        ApiError: it is beyond one of them.
    """
    prompt = plan.prompt
    length = len(prompt) if isinstance(prompt, str) else sum(len(str(one["content"])) for one in prompt)
    if length > settings.prompt_characters:
        raise ApiError(
            400,
            f"the prompt has {length} characters, at most {settings.prompt_characters} are read",
            "prompt_too_long",
            "$",
        )
    if plan.recipe.size > settings.schema_bytes:
        raise ApiError(
            400,
            f"the constraint has {plan.recipe.size} bytes, at most {settings.schema_bytes} are compiled",
            "constraint_too_large",
            plan.recipe.at,
        )
    if plan.n > settings.choices:
        raise ApiError(400, f"at most {settings.choices} answers to one request", "too_many_choices", "$.n")
    if plan.logprobs is not None and plan.logprobs > settings.top_logprobs:
        raise ApiError(
            400, f"at most {settings.top_logprobs} alternatives", "invalid_request", "$.top_logprobs"
        )
    unknown = [name for name in plan.validators if name not in settings.validators]
    if unknown:
        known = ", ".join(sorted(settings.validators)) or "none"
        raise ApiError(
            400,
            f"there is no validator {unknown[0]!r}; known: {known}",
            "unknown_validator",
            "$.canvasgen.validators",
        )
    tokens = plan.options.get("max_tokens")
    if tokens is not None and tokens > settings.most_tokens:
        options = {**plan.options, "max_tokens": settings.most_tokens}
        return replace(plan, options=options, ignored=(*plan.ignored, f"max_tokens>{settings.most_tokens}"))
    return plan
