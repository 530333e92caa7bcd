"""Folders with tiny random models of the published families, and a place for the code in them."""

import sys

import pytest
import tiny_families


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """From a family's name to a folder as it is published."""
    made = {}

    def folder(name):
        if name not in made:
            made[name] = tiny_families.build(
                name, tmp_path_factory.mktemp(f"published-{len(made)}") / f"model{len(made)}"
            )
        return made[name]

    return folder


@pytest.fixture(scope="package")
def code_cache(tmp_path_factory):
    """Where transformers copies the code that comes with weights, and not the user's own such place."""
    place = tmp_path_factory.mktemp("code")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(place))
        patch.setattr(sys, "path", list(sys.path))
        for name in [name for name in sys.modules if name.split(".")[0] == "transformers_modules"]:
            patch.delitem(sys.modules, name)
        yield place
    for name in [name for name in sys.modules if name.split(".")[0] == "transformers_modules"]:
        del sys.modules[name]
