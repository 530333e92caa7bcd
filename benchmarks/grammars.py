"""The shipped grammars: size, compile time, and agreement with Lark's Earley parser, compared with two other engines.

For each grammar: the depth that is taken by default, states of the byte automaton, seconds to it, seconds to lift it
to a vocabulary and what comes of it (states, edges and classes of the token automaton), and on how many random texts
and near misses `matches` and Lark's Earley parser disagree (0 is the only good number). Earley's algorithm is slow on
long texts: after at most 60 bytes a random text takes the shortest way to its end. `deeper`: near misses that nest
brackets more deeply than the depth, which only Earley accepts.

llguidance and xgrammar are given the same file (llguidance reads its own dialect of Lark; xgrammar reads GBNF, so no
file of Lark's): milliseconds to a matcher and its first mask on the same vocabulary, or the first line of their error.
They compile lazily and do more of the work while generating.

    python benchmarks/grammars.py [NAME ...] [--texts 2000] [--tokenizer FILE] [--peers PYTHON] [--no-earley] [--seed 0]

PYTHON is an interpreter that has the peers; default: this one.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import canvasgen as cg
from canvasgen.constraints.grammar.library import shipped, shipped_names
from canvasgen.tokens import lift
from canvasgen.vocabulary import Vocabulary

HERE = Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[1] / "tests" / "grammars"))

DEFAULT_TOKENIZER = HERE.parents[2] / "shared" / "tokenizers" / "gemma3" / "tokenizer.json.xz"
PEERS = {
    "llguidance": """
import json, sys, time, llguidance
from llguidance import LLMatcher, LLTokenizer
asked = json.load(sys.stdin)
tokenizer = LLTokenizer(asked["tokenizer"]) if asked["tokenizer"] else LLTokenizer("byte")
def says(text):
    began = time.perf_counter()
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(text))
    if matcher.is_error():
        return matcher.get_error().strip().splitlines()[0][:60]
    built = time.perf_counter()
    matcher.compute_logit_bias()
    return f"{1e3 * (built - began):.1f} + {1e3 * (time.perf_counter() - built):.1f} ms"
says("start: /[ab]/")
print(json.dumps({name: says(text) for name, text in asked["grammars"].items()}))
""",
    "xgrammar": """
import json, sys, xgrammar
def says(text):
    try:
        xgrammar.Grammar.from_ebnf(text, root_rule_name="start")
    except RuntimeError:
        return "GBNF only"
    return "takes"
print(json.dumps({name: says(text) for name, text in json.load(sys.stdin)["grammars"].items()}))
""",
}


def peers_say(peer: str, python: str, names: list[str], tokenizer: str) -> dict[str, str]:
    if shutil.which(python) is None:
        return dict.fromkeys(names, "no interpreter")
    asked = json.dumps({"grammars": {name: shipped(name) for name in names}, "tokenizer": tokenizer})
    done = subprocess.run(
        [python, "-c", PEERS[peer]], input=asked, capture_output=True, text=True, check=False
    )
    if "ModuleNotFoundError" in done.stderr:
        return dict.fromkeys(names, "not installed")
    if done.returncode:
        return dict.fromkeys(names, done.stderr.strip().rpartition("\n")[2][-60:])
    return json.loads(done.stdout)


def contents(path: Path) -> str:
    if not path.exists():
        return ""
    content = path.read_bytes()
    return (lzma.decompress(content) if path.suffix == ".xz" else content).decode()


def main() -> None:
    from grammar_texts import disagreements

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given = os.environ.get("CANVASGEN_GEMMA_TOKENIZER")
    parser.add_argument("names", nargs="*", default=list(shipped_names()))
    parser.add_argument("--texts", type=int, default=2000, help="walks compared for each grammar")
    parser.add_argument("--tokenizer", type=Path, default=Path(given) if given else DEFAULT_TOKENIZER)
    parser.add_argument("--peers", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--no-earley", action="store_true", help="sizes and times only")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tokenizer = contents(options.tokenizer)
    vocabulary = None
    if tokenizer:
        from tokenizers import Tokenizer

        vocabulary = Vocabulary.from_tokenizer(Tokenizer.from_str(tokenizer))
        lift(cg.regex("[ab]").automaton, vocabulary)
    else:
        print("Gemma's tokenizer is not there (--tokenizer): nothing is lifted")
    cg.grammar('start: "a" /b(?!c)/ start "d" | "e"')  # kernels are compiled
    says = {peer: peers_say(peer, options.peers, options.names, tokenizer) for peer in PEERS}
    wrong = 0
    print(
        f"{'grammar':18} depth  states  build s  tokens s  t.states  t.edges  classes  texts  differ  deeper  "
        f"{'llguidance':60}  xgrammar"
    )
    for name in options.names:
        began = time.perf_counter()
        constraint = cg.grammar(name)
        automaton = constraint.automaton
        built = time.perf_counter()
        lifted = f"{'-':>8} {'-':>9} {'-':>8} {'-':>8}"
        if vocabulary is not None:
            tokens = lift(automaton, vocabulary)
            seconds = time.perf_counter() - built
            lifted = f"{seconds:8.2f} {tokens.num_states:9,} {tokens.num_edges:8,} {tokens.num_classes:8,}"
        different: list[tuple[str, bool, bool]] = []
        deeper: list[str] = []
        if not options.no_earley:
            different = disagreements(
                shipped(name), constraint, options.texts, random.Random(options.seed), deeper
            )
        wrong += len(different)
        texts = 0 if options.no_earley else 3 * options.texts
        print(
            f"{name:18} {constraint.depth:5} {automaton.num_states:7,} {built - began:8.2f} {lifted} "
            f"{texts:6,} {len(different):7} {len(deeper):7}  {says['llguidance'][name]:60}  {says['xgrammar'][name]}",
            flush=True,
        )
        for text, ours, theirs in different[:3]:
            print(f"    canvasgen {ours}, Earley {theirs}: {text!r}")
    if wrong:
        raise SystemExit(f"{wrong} disagreements")


if __name__ == "__main__":
    main()
