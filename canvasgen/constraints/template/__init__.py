"""Fixed text with holes, each hole with its own constraint."""

from canvasgen.constraints.template.template import Filled, Template, template

__all__ = ["Filled", "Template", "template"]
