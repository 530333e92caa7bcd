"""Denoising: the loop, and what it asks of a model."""

from canvasgen.denoise.batch import Batch
from canvasgen.denoise.completion import Commit, Completion, Done, Draft, Event, Failed, Step
from canvasgen.denoise.job import Job
from canvasgen.denoise.judging import Judges
from canvasgen.denoise.loop import run, stream
from canvasgen.denoise.noise import Editing, Mask, Noise, Uniform
from canvasgen.denoise.policy import Policy
from canvasgen.denoise.protocol import Context, Defaults, Denoiser, Resizable
from canvasgen.denoise.randomness import Randomness, RowRandomness
from canvasgen.denoise.start import Start
from canvasgen.denoise.validators import Validator

__all__ = [
    "Batch",
    "Commit",
    "Completion",
    "Context",
    "Defaults",
    "Denoiser",
    "Done",
    "Draft",
    "Editing",
    "Event",
    "Failed",
    "Job",
    "Judges",
    "Mask",
    "Noise",
    "Policy",
    "Randomness",
    "Resizable",
    "RowRandomness",
    "Start",
    "Step",
    "Uniform",
    "Validator",
    "run",
    "stream",
]
