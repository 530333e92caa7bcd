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
        _keep_asynchronous(CpuPlatform)


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
