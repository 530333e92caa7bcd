"""Fixed text with holes, each hole with its own constraint."""

from canvasgen.constraints.template import drawn_template
from canvasgen.constraints.template.template import Filled, Template, template

__all__ = ["Filled", "Template", "template"]

_ = drawn_template  # it teaches notebooks to draw templates
