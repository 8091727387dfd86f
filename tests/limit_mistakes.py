"""Mistakes about budgets, names and machines that look alike: what each is told, for `test_errors`."""

from __future__ import annotations

ALIKE = (
    'pool, other = Machine("m"), Machine("m")\nfree, more = pool.count("free", up_to=1), other.count("free", up_to=9)\n'
)
DIFFERENT = "give the machines of one file different names"

MISTAKES = (
    # id, code, mistake, message, hint
    (
        "two-variables-of-one-label",
        "Q01",
        'pool.flag("x.y")\ninner = Machine("pool.x")\ninner.flag("y")  # here\nbuild(pool, inner)',
        "two variables of s are called 'pool.x.y': of pool and of pool.x",
        "leave dots and brackets out of the names of machines and variables",
    ),
    (
        "two-steps-of-one-name",
        "Q01",
        'pool.step("x.go")\ninner = Machine("pool.x")\ninner.step("go")  # here\nbuild(pool, inner)',
        "a step of pool and a step of pool.x are both called 'pool.x.go'",
        "leave dots out of the names of machines and steps",
    ),
    (
        "name-too-long",
        "Q02",
        'Machine("m" * 201)  # here',
        "a machine has a name of 201 characters",
        "give one of 200 at most",
    ),
    (
        "state-that-means-every-state",
        "Q02",
        'Machine("m", states=["a", "*"])  # here',
        "'*' cannot name a state: it means every state (source=)",
        "choose another name",
    ),
    (
        "term-of-a-machine-of-the-same-name",
        "Q04",
        ALIKE + 's = System("s", pool)\ns.always("p", more < 5)  # here\ns.build()',
        "m.free is the term of another machine that is called 'm', too",
        DIFFERENT,
    ),
    (
        "write-to-a-machine-of-the-same-name",
        "Q23",
        ALIKE + 'pool.step("go", then={more: 5})  # here',
        "free is a variable of another machine that is called 'm', too",
        DIFFERENT,
    ),
    (
        "no-initial-value-given",
        "Q10",
        'pool.integer("n", 1, 5)  # here',
        "pool.n cannot start with 0, which is the initial value where none is given",
        "write initial=1",
    ),
    (
        "copies-too-many",
        "Q11",
        'Machine("m", copies=10_001)  # here',
        "m cannot have more than 10,000 copies",
        "check a few of them",
    ),
    (
        "values-without-end",
        "Q11",
        'import itertools\nMachine("m").one_of("x", (f"v{n}" for n in itertools.count()))  # here',
        "m.x has more than 65,536 listed values",
        "use a number: count(up_to=) or integer(low, high)",
    ),
    (
        "terms-without-end",
        "Q16",
        "import itertools\nall_of(True for _ in itertools.count())  # here",
        "all_of of more than 1,048,576 terms",
        "does its iterable come to an end?",
    ),
    (
        "values-to-compare-without-end",
        "Q16",
        "import itertools\nfree.is_in(itertools.repeat(1))  # here",
        "is_in of more than 65,536 values",
        "compare numbers with < and <=",
    ),
    (
        "values-to-compare-that-are-no-list",
        "Q35",
        "free.is_in(3)  # here",
        "is_in takes a list of values, not 3",
        "write x.is_in([...])",
    ),
    (
        "constant-too-large",
        "Q16",
        "free < 2**64  # here",
        "18,446,744,073,709,551,616 is beyond 1,099,511,627,776",
        "numbers reach from -1,099,511,627,776 to 1,099,511,627,776",
    ),
    (
        "digits-too-many",
        "Q16",
        'question(build(pool), "pool.free < " + "9" * 101)',
        "a number of 101 digits is too large",
        f"  pool.free < {'9' * 60}…\n{' ' * 16}^",
    ),
    (
        "term-nested-too-deeply",
        "Q16",
        "term = free\nfor _ in range(300):\n    term = maximum(term, free)\n"
        'System("s", pool).always("p", term < 3)  # here',
        "a term is nested more than 200 deep",
        "combine many terms with all_of, any_of, sum_of or count_of, or give parts of it to variables",
    ),
    (
        "observer-that-is-no-truth",
        "Q25",
        'Machine("m", observer=1)  # here',
        "observer=1 is neither True nor False",
        "write observer=True",
    ),
    (
        "every-that-is-no-truth",
        "Q25",
        'client.on("go", every=[])  # here',
        "every=[] is neither True nor False",
        "write every=True",
    ),
    (
        "stuttering-that-is-no-truth",
        "Q25",
        'System("s", pool).no_deadlock(stuttering=[1])  # here',
        "stuttering=[1] is neither True nor False",
        "write stuttering=True",
    ),
    (
        "bounds-without-integers",
        "Q42",
        'Between("a", "b")  # here',
        "Between('a', 'b') has no integers",
        "give the lower bound first",
    ),
    (
        "parameter-without-values",
        "Q42",
        "from typing import Literal\ndef model(*, n: Literal[()] = 2): ...  # here\ninstantiate(model)",
        "the parameter 'n' has no values",
        "list them",
    ),
    (
        "model-without-end",
        "Q44",
        "from quiesce.language import patience\n"
        'monkeypatch.setattr(patience, "WORTH_A_WORD", 0.1)\nmonkeypatch.setattr(patience, "TOO_LONG", 0.2)\n'
        'file("mine_44e.py", "while True: pass  # here\\n")\nlibrary.find("mine_44e.py")',
        "mine_44e.py does not load: it was still running after 0 seconds",
        "does a loop of it come to an end?",
    ),
    (
        "model-that-closes-stdout",
        "Q44",
        'import io\nmonkeypatch.setattr(sys, "stdout", io.StringIO())\n'
        'closing = "import sys; sys.stdout.close(); return"\n'
        'file("mine_44f.py", ONE.replace("System:", "System:  # here").replace("return", closing))\n'
        'library.find("mine_44f.py").system()',
        "mine_44f.py does not load: it closes stdout",
        "",
    ),
    (
        "claim-about-what-is-enabled",
        "Q52",
        'abstract = System("abstract", door)\nabstract.holds("goes on", G(~deadlock), id="P")  # here\n'
        'concrete = System("concrete", door)\nconcrete.refines("abstract", {}, liveness=["P"])\n'
        "compared(concrete, abstract)",
        "'goes on' of abstract is about deadlocks or what is enabled, and concrete has its own",
        "ask such a property of the concrete system itself",
    ),
    (
        "combinations-too-many",
        "Q56",
        'pool.step("go", *[argument(f"x{n}", range(1000)) for n in range(3)])  # here\nbuild(pool)',
        "'pool.go' and what comes before it have 1,000,000,000 combinations of rows, copies and arguments, more than "
        "262,144",
        "give arguments smaller domains, use fewer copies, or keep a choice in a variable",
    ),
)
