"""The table of docs/hosts.md: each ✓ is a test that exists, everything else says why there is none."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STOCK = "tests/integrations/test_transformers_generate.py"
PIPELINE = "tests/integrations/test_diffusers_pipeline.py"
VLLM = "tests/hosts/test_vllm_server.py"
MLX, MLX_SERVER = "tests/hosts/test_mlx_vlm.py", "tests/hosts/test_mlx_server.py"
HOOKS = "tests/hosts/test_sglang_class.py"
CONTRACT = "test_a_batch_writes_what_the_own_loop_writes"
"""Runs the requests of `host_contract.REQUESTS`, whose keys are the rows of the table."""
OWN_LOOP = "test_the_text_is_that_of_the_own_loop"
TOGETHER = "test_requests_with_constraints_beside_one_without"
EACH_KEY = "test_all_of_the_key"
TESTS: dict[str, dict[str, tuple[str, str]]] = {
    "transformers `generate`": {
        "JSON Schema": (STOCK, CONTRACT),
        "regex": (STOCK, CONTRACT),
        "choice": (STOCK, CONTRACT),
        "grammar": (STOCK, CONTRACT),
        "template": (STOCK, CONTRACT),
        "infill": (STOCK, CONTRACT),
        "edit": (STOCK, CONTRACT),
        "positions, words": (STOCK, CONTRACT),
        "table": (STOCK, CONTRACT),
        "validators in Python": (STOCK, "TestWrongUse.test_a_refused_text_is_an_error_with_its_row"),
        "several canvases": (STOCK, CONTRACT),
        "batch, mixed constraints": (STOCK, CONTRACT),
        "rows without a constraint": (STOCK, "test_rows_without_a_request_are_those_of_generate"),
        "drafts while it runs": (STOCK, "test_the_live_view_shows_valid_drafts"),
        "think first, then the constraint": (STOCK, CONTRACT),
        "probabilities of fields": (STOCK, "test_probabilities_of_fields_are_those_of_the_own_loop"),
    },
    "diffusers pipeline": {
        "JSON Schema": (PIPELINE, CONTRACT),
        "regex": (PIPELINE, CONTRACT),
        "choice": (PIPELINE, CONTRACT),
        "grammar": (PIPELINE, CONTRACT),
        "template": (PIPELINE, CONTRACT),
        "infill": (PIPELINE, CONTRACT),
        "edit": (PIPELINE, CONTRACT),
        "positions, words": (PIPELINE, CONTRACT),
        "table": (PIPELINE, CONTRACT),
        "validators in Python": (PIPELINE, "test_a_refused_text_is_an_error_with_its_row"),
        "several canvases": (PIPELINE, CONTRACT),
        "batch, mixed constraints": (PIPELINE, CONTRACT),
        "think first, then the constraint": (PIPELINE, CONTRACT),
        "probabilities of fields": (PIPELINE, "test_probabilities_of_fields_are_those_of_the_own_loop"),
    },
    "vLLM": {
        "JSON Schema": (VLLM, "TestPlainOptions.test_response_format"),
        "regex": (VLLM, "TestPlainOptions.test_structured_outputs"),
        "choice": (VLLM, "TestPlainOptions.test_structured_outputs"),
        "grammar": (VLLM, "TestPlainOptions.test_structured_outputs"),
        "template": (VLLM, "TestOwnKey.test_a_template_whose_holes_agree"),
        "infill": (VLLM, "TestOwnKey.test_an_infill"),
        "edit": (VLLM, "TestOwnKey.test_an_edit"),
        "positions, words": (VLLM, "TestOwnKey.test_positions"),
        "table": (VLLM, "TestOwnKey.test_a_table"),
        "several canvases": (VLLM, "test_a_text_over_several_canvases_closes_within_its_budget"),
        "batch, mixed constraints": (VLLM, "test_requests_of_all_kinds_together"),
        "rows without a constraint": (VLLM, "test_requests_of_all_kinds_together"),
        "think first, then the constraint": (VLLM, "TestOwnKey.test_thoughts_come_before_the_constraint"),
    },
    "mlx-vlm": {
        "JSON Schema": (MLX_SERVER, "test_response_format"),
        "regex": (MLX_SERVER, "test_own_key"),
        "choice": (MLX_SERVER, "test_own_key"),
        "grammar": (MLX_SERVER, "test_own_key"),
        "template": (MLX_SERVER, "test_own_key"),
        "infill": (MLX_SERVER, "test_own_key"),
        "edit": (MLX_SERVER, "test_own_key"),
        "table": (MLX_SERVER, "test_own_key"),
        "positions, words": (MLX_SERVER, "test_own_key"),
        "validators in Python": (MLX, "test_errors_are_those_of_the_request"),
        "several canvases": (MLX, OWN_LOOP),
        "rows without a constraint": (MLX_SERVER, "test_requests_without_a_constraint_go_on"),
        "think first, then the constraint": (MLX_SERVER, "test_own_key"),
        "probabilities of fields": (MLX, "test_probabilities_of_fields_are_those_of_the_own_loop"),
    },
    "SGLang": {
        "JSON Schema": (HOOKS, TOGETHER),
        "regex": (HOOKS, TOGETHER),
        "choice": (HOOKS, EACH_KEY),
        "grammar": (HOOKS, EACH_KEY),
        "template": (HOOKS, TOGETHER),
        "infill": (HOOKS, EACH_KEY),
        "edit": (HOOKS, EACH_KEY),
        "positions, words": (HOOKS, EACH_KEY),
        "table": (HOOKS, EACH_KEY),
        "several canvases": (HOOKS, TOGETHER),
        "batch, mixed constraints": (HOOKS, TOGETHER),
        "rows without a constraint": (HOOKS, "test_a_request_without_a_constraint_is_that_of_sglang"),
        "think first, then the constraint": (HOOKS, EACH_KEY),
    },
}


@cache
def table() -> dict[str, dict[str, str]]:
    """By host and feature, the cell."""
    lines = (ROOT / "docs" / "hosts.md").read_text(encoding="utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("| | transformers"))
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    hosts, found = rows[0][1:], rows[4:]  # behind the rule, the versions and where it is tested
    return {host: {row[0]: row[at + 1] for row in found} for at, host in enumerate(hosts)}


@cache
def named_in(file: str) -> set[str]:
    names = set()
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return names


def test_the_hosts_and_features_are_those_of_the_table():
    assert set(table()) == set(TESTS)
    for host, named in TESTS.items():
        assert set(named) <= set(table()[host])


@pytest.mark.parametrize("host", TESTS)
def test_each_cell_is_a_test_or_says_why_not(host):
    for feature, cell in table()[host].items():
        if "✓" in cell:
            file, name = TESTS[host][feature]
            assert name in named_in(file), (host, feature)
        else:
            assert feature not in TESTS[host], (host, feature)
            assert cell.startswith(("no: ", "not run: ")), (host, feature, cell)
            assert len(cell.partition(": ")[2]) > 8, (host, feature, cell)
        if cell.endswith("as transformers"):
            assert "✓" in table()["transformers `generate`"][feature], feature
