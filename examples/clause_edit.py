"""A clause of a contract is rewritten in two places; every other byte stays.

python examples/clause_edit.py
"""

from __future__ import annotations

import canvasgen as cg

CLAUSE = "§ 4 The tenant pays 840 euros a month. The notice period is 3 months.\n"

edited = cg.edit(CLAUSE, ["840", "3"], cg.regex("[1-9][0-9]{0,3}"))
done = cg.load().complete("pays: 905; months: 6", constraint=edited, seed=1, on_step_limit="return")
rent, months = done.text.split(" euros")[0].split()[-1], done.text.split()[-2]
print(done.text == f"§ 4 The tenant pays {rent} euros a month. The notice period is {months} months.\n")
print(rent.isdigit(), months.isdigit())


# Prints:
# True
# True True
