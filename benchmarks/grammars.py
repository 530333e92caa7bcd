"""The shipped grammars: size, compile time, and agreement with Lark's Earley parser, beside left-to-right engines.

For each grammar: the depth that is taken by default, states of the byte automaton, seconds to it, seconds to lift it
to a vocabulary, and on how many random texts and near misses `matches` and Lark's Earley parser disagree (0 is
the only good number). llguidance and xgrammar are given the same file (llguidance reads a dialect of Lark
of its own; xgrammar reads GBNF, so no file of Lark's): "takes" or the first line of their refusal.

    python benchmarks/grammars.py [NAME ...] [--texts 2000] [--tokenizer FILE] [--peers PYTHON]

PYTHON is an interpreter that has the peers; default: this one.
"""

from __future__ import annotations

import argparse
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
import sys, llguidance
text = sys.stdin.read()
bad, messages = llguidance.LLMatcher.validate_grammar_with_warnings(llguidance.LLMatcher.grammar_from_lark(text))
print(messages[0].strip().splitlines()[0][:60] if bad else "takes")
""",
    "xgrammar": """
import sys, xgrammar
try:
    xgrammar.Grammar.from_ebnf(sys.stdin.read(), root_rule_name="start")
    print("takes")
except RuntimeError as error:
    print(str(error).strip().splitlines()[-1][-60:])
""",
}


def peer_says(peer: str, python: str, text: str) -> str:
    if shutil.which(python) is None:
        return "no interpreter"
    done = subprocess.run(
        [python, "-c", PEERS[peer]], input=text, capture_output=True, text=True, check=False
    )
    if "ModuleNotFoundError" in done.stderr:
        return "not installed"
    return (done.stdout.strip() or done.stderr.strip().rpartition("\n")[2])[-60:]


def vocabulary_of(path: Path) -> Vocabulary | None:
    if not path.exists():
        return None
    from tokenizers import Tokenizer

    content = path.read_bytes()
    return Vocabulary.from_tokenizer(
        Tokenizer.from_buffer(lzma.decompress(content) if path.suffix == ".xz" else content)
    )


def main() -> None:
    from grammar_texts import disagreements

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given = os.environ.get("CANVASGEN_GEMMA_TOKENIZER")
    parser.add_argument("names", nargs="*", default=shipped_names())
    parser.add_argument("--texts", type=int, default=2000, help="walks compared for each grammar")
    parser.add_argument("--tokenizer", type=Path, default=Path(given) if given else DEFAULT_TOKENIZER)
    parser.add_argument("--peers", default=sys.executable, help="interpreter that has the peers")
    options = parser.parse_args()
    vocabulary = vocabulary_of(options.tokenizer)
    if vocabulary is None:
        print("Gemma's tokenizer is not there (--tokenizer): nothing is lifted")
    else:
        lift(cg.regex("[ab]").automaton, vocabulary)
    wrong = 0
    print(f"{'grammar':18} depth  states  build s  tokens s  texts  differ  {'llguidance':60}  xgrammar")
    for name in options.names:
        began = time.perf_counter()
        constraint = cg.grammar(name)
        automaton = constraint.automaton
        built = time.perf_counter()
        lifted = "-"
        if vocabulary is not None:
            lift(automaton, vocabulary)
            lifted = f"{time.perf_counter() - built:.2f}"
        different = disagreements(shipped(name), constraint, options.texts, random.Random(0))
        wrong += len(different)
        says = [peer_says(peer, options.peers, shipped(name)) for peer in PEERS]
        print(
            f"{name:18} {constraint.depth:5} {automaton.num_states:7,} {built - began:8.2f} {lifted:>9} "
            f"{3 * options.texts:6,} {len(different):7}  {says[0]:60}  {says[1]}",
            flush=True,
        )
        for text, ours, theirs in different[:3]:
            print(f"    canvasgen {ours}, Earley {theirs}: {text!r}")
    if wrong:
        raise SystemExit(f"{wrong} disagreements")


if __name__ == "__main__":
    main()
