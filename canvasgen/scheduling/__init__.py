"""One thread that runs a model for many callers: threads, tasks and requests of a server."""

from canvasgen.scheduling.coroutines import Coroutines
from canvasgen.scheduling.results import results_of
from canvasgen.scheduling.scheduler import Scheduler
from canvasgen.scheduling.ticket import Ticket

__all__ = ["Coroutines", "Scheduler", "Ticket", "results_of"]
