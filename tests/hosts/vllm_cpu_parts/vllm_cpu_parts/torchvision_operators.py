"""Declares operators of torchvision, which a wheel for CUDA has no code of without CUDA.

Imported by a `.pth` file in every process, so it does nothing before torchvision itself is imported.
"""

import sys
from importlib.abc import MetaPathFinder


class _BeforeTorchvision(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        del path, target
        if name == "torchvision":
            sys.meta_path.remove(self)
            import torch

            torch.library.define(
                "torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            )
            torch.library.define(
                "torchvision::qnms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            )


sys.meta_path.insert(0, _BeforeTorchvision())
