"""Automata of large counted repeats (`.{0,2000}`): a small core in which most copies of the body are missing.

A copy whose states know how many came before, and that leads as far ahead as its neighbour does, is a *layer*. In the core
there are a few layers of each repeat, as many as are needed to see that two neighbours are alike; the others are put
back by arithmetic, without subset construction, minimisation or lift. So a bound of 2000 costs as much as one of 4 until
the arrays are written.

    layers      which states of an automaton are in which layer; the same arrays with more layers
    counted_dfa an automaton that writes its arrays when they are asked for

`automata/counted_layers` finds the layers of a minimal automaton from the copies of the non-deterministic one.
"""
