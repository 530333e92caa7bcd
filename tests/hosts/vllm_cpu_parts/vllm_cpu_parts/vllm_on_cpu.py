"""What vLLM itself does not do on a CPU: it gathers no empty tensors, and takes no asynchronous scheduling.

A plugin of vLLM's, so that it is loaded in all of its processes.
"""

import os
from functools import wraps

ASYNCHRONOUS = "VLLM_CPU_PARTS_ASYNCHRONOUS"
"""Set: a server that is asked for asynchronous scheduling has it, where vLLM for CPUs turns it off ("not required on CPU")."""


def register():
    """Replace two methods."""
    from vllm.distributed.device_communicators.cpu_communicator import _CPUSHMDistributed
    from vllm.platforms.cpu import CpuPlatform

    _gather_nothing(_CPUSHMDistributed)
    if os.environ.get(ASYNCHRONOUS):
        from vllm.v1.core.sched.diffusion_scheduler import DiffusionAsyncScheduler

        _keep_asynchronous(CpuPlatform)
        _tell(DiffusionAsyncScheduler)


def _gather_nothing(communicator):
    """A step that only reads prompts has no rows of logits, and the kernel divides by their number: SIGFPE."""
    own = communicator.all_gather_into_tensor
    if hasattr(own, "__wrapped__"):
        return

    @wraps(own)
    def gathered(self, output, input, group=None):
        if input.numel():
            own(self, output, input, group=group)

    communicator.all_gather_into_tensor = gathered


def _keep_asynchronous(platform):
    own = platform.check_and_update_config.__func__
    if hasattr(own, "__wrapped__"):
        return

    @wraps(own)
    def checked(cls, config):
        wanted = config.scheduler_config.async_scheduling
        own(cls, config)
        config.scheduler_config.async_scheduling = wanted

    platform.check_and_update_config = classmethod(checked)


def _tell(scheduler):
    """Have the server's log say that this scheduler is the one that schedules."""
    own = scheduler.__init__
    if hasattr(own, "__wrapped__"):
        return

    @wraps(own)
    def made(self, *arguments, **options):
        own(self, *arguments, **options)
        print(f"{type(self).__name__} schedules", flush=True)

    scheduler.__init__ = made
