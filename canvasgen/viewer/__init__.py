"""Pages and pictures: traces as one self-contained page, small automata, and what notebooks show."""

from canvasgen.viewer.automaton_picture import automaton_lines, automaton_svg
from canvasgen.viewer.explained import ConstraintInNotebook, PosteriorInNotebook
from canvasgen.viewer.notebook_html import completion_in_notebook
from canvasgen.viewer.page_builder import page_of
from canvasgen.viewer.playground_page import playground_page

__all__ = [
    "ConstraintInNotebook",
    "PosteriorInNotebook",
    "automaton_lines",
    "automaton_svg",
    "completion_in_notebook",
    "page_of",
    "playground_page",
]
