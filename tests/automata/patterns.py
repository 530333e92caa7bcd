"""Random regular expressions as text, and texts to try them on."""

from __future__ import annotations

from hypothesis import strategies as st

# Characters with interesting case: ASCII, s/ſ/K-sign families, dotless and dotted i, sharp s, a digit that
# is not ASCII.
CHARACTERS = "abkKsSſKiIİıßẞéÉ09٣_ \n.-Σσςµμ"

_atoms = st.one_of(
    st.sampled_from(list("abkKsiIß09_ é")),
    st.sampled_from(["ſ", "K", "İ", "ı", "ẞ", "Σ", "ς", "μ", "µ"]),
    st.sampled_from(
        [r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", ".", r"\n", r"\.", r"\-", r"\x61", r"\u0073", r"\\"]
    ),
    st.sampled_from(
        [
            "[ab]",
            "[^a]",
            "[a-k]",
            "[^b-s\\d]",
            "[\\w-]",
            "[\\W_]",
            "[]a]",
            "[^]a]",
            "[.s]",
            "[A-Z]",
            "[^k]",
            "[K-ſ]",
            "[à-ÿ]",
        ]
    ),
    st.sampled_from(["^", "$", r"\A", r"\Z", r"\b", r"\B"]),
)
_quantifiers = st.sampled_from(
    ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{,2}", "{1,}", "{0}", "{0,1}?", "{2,1}", "{"]
)


def _more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map("|".join),
        st.tuples(inner, _quantifiers).map("".join),
        inner.map(lambda p: f"(?:{p})"),
        inner.map(lambda p: f"({p})"),
        st.tuples(inner, _quantifiers).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        st.tuples(st.sampled_from(["i", "s", "m", "a", "-i", "i-s", "u", "x"]), inner).map(
            lambda pair: f"(?{pair[0]}:{pair[1]})"
        ),
        st.tuples(st.sampled_from(["=", "!", "<=", "<!"]), inner).map(lambda pair: f"(?{pair[0]}{pair[1]})"),
    )


PATTERNS = st.recursive(_atoms, _more, max_leaves=7)
TEXTS = st.lists(st.text(alphabet=CHARACTERS, max_size=5), min_size=1, max_size=12)
