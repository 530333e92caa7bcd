"""Recording: what the steps of a row saw and decided, as a `Trace`; nothing here changes what is generated."""

from canvasgen.denoise.recording.observation import observe
from canvasgen.denoise.recording.recorder import Recorder
from canvasgen.denoise.recording.state_pieces import State, StatePiece, state_pieces, visible
from canvasgen.denoise.recording.steps_trace import trace_of_steps

__all__ = ["Recorder", "State", "StatePiece", "observe", "state_pieces", "trace_of_steps", "visible"]
