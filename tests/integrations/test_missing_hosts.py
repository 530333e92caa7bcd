"""Where an engine is not installed, its integration says what installs it."""

from __future__ import annotations

import importlib
import json
import pkgutil
import subprocess
import sys

import pytest

from canvasgen import integrations
from canvasgen.errors import MissingPackage
from canvasgen.extras import EXTRAS, HOSTS, missing
from canvasgen.integrations import sglang
from canvasgen.integrations.vllm import plugin

ROOT = integrations.__name__
HOSTED = {
    "diffusers": ("diffusers", "canvasgen[diffusers]"),
    "hackable_diffusion": ("jax", "hackable-diffusion"),
    "mlx_vlm": ("mlx", "mlx-vlm"),
    "vllm.model": ("vllm", "vllm"),
    "vllm.sampler": ("vllm", "vllm"),
    "vllm.stat_logger": ("vllm", "vllm"),
}
"""Module -> the package that it imports first, and what installs it."""
ABSENT = sorted({*HOSTS, *EXTRAS["diffusers"], *EXTRAS["ray"]})
MODULES = [
    found.name.removeprefix(f"{ROOT}.") for found in pkgutil.walk_packages(integrations.__path__, f"{ROOT}.")
]


@pytest.fixture
def without_hosts(monkeypatch):
    """No engine can be imported, and no integration has been."""
    for name in list(sys.modules):
        top = name.partition(".")[0]
        if top in ABSENT or (name.startswith(f"{ROOT}.") and name.removeprefix(f"{ROOT}.") in HOSTED):
            monkeypatch.delitem(sys.modules, name)
    for name in ABSENT:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("name", MODULES)
def test_each_module_says_what_is_missing(without_hosts, name):
    if name not in HOSTED:
        assert importlib.import_module(f"{ROOT}.{name}") is not None
        return
    package, installs = HOSTED[name]
    with pytest.raises(MissingPackage) as caught:
        importlib.import_module(f"{ROOT}.{name}")
    assert caught.value.value == package
    assert f"pip install '{installs}" in str(caught.value)


def test_plugins_say_what_is_missing(without_hosts, monkeypatch):
    with pytest.raises(MissingPackage, match="sglang"):
        sglang.register()

    def none(package):
        raise plugin.PackageNotFoundError(package)

    monkeypatch.setattr(plugin, "version", none)
    assert plugin.unsuited() == "vLLM is not installed"


ALONE = """
import importlib, json, sys
from canvasgen.errors import MissingPackage
absent, modules = json.loads(sys.stdin.read())
for name in absent:
    sys.modules[name] = None
outcomes = {}
for name in modules:
    try:
        importlib.import_module(name)
        outcomes[name] = ""
    except MissingPackage as error:
        outcomes[name] = str(error)
print(json.dumps(outcomes))
"""


@pytest.mark.slow
def test_without_any_extra_each_module_says_what_is_missing():
    """As somebody has it who installs canvasgen alone."""
    absent = sorted({*HOSTS, *(one for packages in EXTRAS.values() for one in packages)} - {"triton"})
    names = [f"{ROOT}.{name}" for name in MODULES]
    done = subprocess.run(
        [sys.executable, "-c", ALONE], input=json.dumps([absent, names]), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert all("pip install" in says for says in outcomes.values() if says)
    fine = {name.removeprefix(f"{ROOT}.") for name, says in outcomes.items() if not says}
    assert {"session", "lockstep", "transformers", "sglang", "vllm", "vllm.plugin"} <= fine
    assert "canvasgen[serve]" in outcomes[f"{ROOT}.mlx_vlm_server"]


def test_what_an_engine_itself_misses_is_its_own_error():
    error = ModuleNotFoundError("No module named 'something'", name="something")
    assert missing(error, "this") is error
