"""Models of mask noise: LLaDA, LLaDA2, Dream, SDAR, Nemotron-Labs-Diffusion, and any masked language model.

families        what each published family does: its attention, its mask token, its block
attention       how a model is told which positions see each other, found out by a probe
masked_model    `MaskedModel`, the `Denoiser` of them all: the whole sequence at every step
causal_context  `CausalContextModel`: a prefix that is read once, from left to right (Nemotron-Labs-Diffusion)
masked_lm       `AutoModelForMaskedLM`: BERT, RoBERTa, ModernBERT, ...
wordpiece       WordPiece tokens with and without the space before them
"""
