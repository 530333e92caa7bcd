"""The compiler's half."""

from triton.backends.compiler import BaseBackend, GPUTarget


class CpuBackend(BaseBackend):
    """Compiles nothing."""

    @staticmethod
    def supports_target(target: GPUTarget) -> bool:
        return target.backend == "cpu"

    def hash(self) -> str:
        return "cpu"

    def parse_options(self, options: dict) -> object:
        return options

    def add_stages(self, stages, options, language) -> None:
        raise NotImplementedError("kernels run in the interpreter: set TRITON_INTERPRET=1")

    def load_dialects(self, context) -> None:
        """There are none."""

    def get_module_map(self) -> dict:
        return {}
