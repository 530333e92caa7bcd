"""The operator's validators are called in processes of their own, with limits of CPU seconds and memory.

judge's thread ─▶ `Validators.Scope` ──name, value──▶ `validator_process` ──fork──▶ child: calls the function
      ▲                                                                              │
      └────────────── accepted, refused, raised, or how it was ended ◀───────────────┘
"""
