"""Traces that are made up, as large and as odd as a test wants them."""

from __future__ import annotations

import random

from canvasgen.trace import Candidates, Commitment, PlaceName, Refusal, Trace, TraceStep

HOSTILE = "</script><script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\">\u202e&amp;\x00"
END = 1


def made_trace(
    positions: int = 12,
    steps: int = 4,
    blocks: int = 1,
    *,
    seed: int = 0,
    top: int = 4,
    words: tuple[str, ...] = ("al", "ice", " ", "{", '": "', "é", "lamp", "42"),
    prompt: str = "Alice, 34",
) -> Trace:
    """Return a trace of so many positions, steps a block and blocks; numbers that look like a real run's."""
    draws = random.Random(seed)
    tokens = [*((at + 2, word) for at, word in enumerate(words)), (END, "")]
    ids = [number for number, _ in tokens[:-1]]
    made: list[TraceStep] = []
    commitments: list[Commitment] = []
    before = b""
    known = dict(tokens)
    for block in range(1, blocks + 1):
        draft = [draws.choice(ids) for _ in range(positions)]
        if block == blocks:
            draft[-1] = END
        for step in range(1, steps + 1):
            doubtful = [draws.random() < 1 - step / steps for _ in range(positions)]
            draft = [
                draws.choice(ids) if unsure and token != END and draws.random() < 0.5 else token
                for token, unsure in zip(draft, doubtful, strict=True)
            ]
            entropies = tuple(
                draws.randint(1, 4000) if unsure else draws.randint(0, 9) for unsure in doubtful
            )
            likely = [
                draws.sample(ids, min(top, len(ids))) if unsure else [token]
                for token, unsure in zip(draft, doubtful, strict=True)
            ]
            told = tuple(token for tokens_ in likely for token in tokens_)
            candidates = Candidates(
                counts=tuple(map(len, likely)),
                ids=told,
                log_probs=tuple(-draws.randint(0, 6000) for _ in told),
            )
            text = before + "".join(known[token] for token in draft).encode()
            spans = (0, len(before), min(len(before) + 5, len(text))) if len(text) > len(before) + 5 else ()
            made.append(
                TraceStep(
                    block=block,
                    step=step,
                    temperature=0.8,
                    log_partition=-40 / step - draws.random(),
                    log_prob=-3.0 / step,
                    mean_entropy=sum(entropies) / 1000 / positions,
                    mean_log_mass=-0.1,
                    accepted=doubtful.count(False),
                    seconds=0.02 * len(made) + 0.02,
                    before=len(before),
                    draft=tuple(draft),
                    marks="".join("8" if unsure else draws.choice("9ab") for unsure in doubtful),
                    entropies=entropies,
                    doubt=tuple(2 * value for value in entropies),
                    log_mass=tuple(-value for value in entropies),
                    states=tuple(draws.randint(0, 300) for _ in range(positions + 1)),
                    spans=spans,
                    model=candidates,
                    allowed=Candidates(counts=(-1,) * positions, ids=(), log_probs=()),
                )
            )
        commitments.append(Commitment(block=block, step=steps, ids=tuple(draft), outcome="complete"))
        before += "".join(known[token] for token in draft).encode()
    return Trace(
        made_by="0",
        kind="full",
        prompt=prompt,
        constraint="a made-up constraint",
        tokens=tuple(sorted(tokens)),
        end_ids=(END,),
        places=(PlaceName(kind="field", name=words[0]),),
        steps=tuple(made),
        commitments=tuple(commitments),
        refusals=(Refusal(block=1, step=1, text=words[0], reason=words[-1]),),
        outcome="complete",
        text=before.decode(),
        log_prob=-1.5,
        timings={"total": 0.5},
    )


def hostile_trace() -> Trace:
    """Return a trace whose every text tries to become markup."""
    words = (HOSTILE, "]]>", "<!--", "-->", "${x}", "javascript:alert(1)", "\u2028", "'\"")
    return made_trace(words=words, prompt=HOSTILE)
