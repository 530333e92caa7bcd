"""Templates of a grammar whose arguments grow without end are refused before Lark expands them."""

from __future__ import annotations

from typing import Any

from lark.grammar import NonTerminal

from canvasgen.constraints.grammar.extensions import Extended
from canvasgen.constraints.grammar.parameters import name_of, substituted
from canvasgen.constraints.grammar.refusals import place_of
from canvasgen.errors import ConstraintTooLarge, UnsupportedConstraint

__all__ = ["MOST_RULES", "check_templates"]

LONGEST_INSTANCE = 2000
"""Most characters of a template's name with its arguments."""
MOST_RULES = 5000
"""Most rules, templates counted once for each list of arguments."""


def check_templates(loaded: Any, extended: Extended) -> None:
    """Raise an error for templates whose arguments grow without end or do not fit, before Lark expands them.

    Raises:
        UnsupportedConstraint: a rule without a body, or a parameter that is used as a template.
        ConstraintTooLarge: the arguments grow without end.
    """
    templates = {str(name): (params, tree) for name, params, tree, _ in loaded.rule_defs}
    for name, (_, tree) in templates.items():
        if tree is None:
            raise UnsupportedConstraint(
                f"the rule {name} is declared but not written out",
                path=place_of(name, extended.original),
                rule="%declare",
                value=name,
                remedy="write it out",
            )
    if not any(params for params, _ in templates.values()):
        return
    seen: set[str] = set()
    waiting: list[tuple[str, tuple[Any, ...]]] = [
        (name, ()) for name, (params, _) in templates.items() if not params
    ]
    while waiting:
        name, arguments = waiting.pop()
        params, tree = templates[name]
        full = f"{name}{{{', '.join(map(name_of, arguments))}}}"
        if full in seen or len(params) != len(arguments):
            continue
        seen.add(full)
        if len(seen) > MOST_RULES or len(full) > LONGEST_INSTANCE:
            raise ConstraintTooLarge(
                f"the template {name} is used with arguments that grow without end",
                rule="templates",
                value=name,
                remedy="give the template arguments that don't contain its own parameters, or write it as a rule",
            )
        bound = dict(zip(params, arguments, strict=True))
        for usage in substituted(tree, bound).find_data("template_usage"):
            used, *inner = usage.children
            if not isinstance(used, NonTerminal):
                raise UnsupportedConstraint(
                    f"a parameter of the template {name} is used as a template",
                    path=place_of(name, extended.original),
                    rule="templates",
                    value=name,
                    remedy="name the template that is meant",
                )
            if str(used.name) in templates:
                waiting.append((str(used.name), tuple(inner)))
