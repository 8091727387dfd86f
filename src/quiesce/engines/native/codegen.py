"""From a flat system to the text of the LLVM function `expand`, which gives the successors of a state.

A system becomes a *switch tree* on the cells that most rows compare with constants; in its leaves every row stands
without branches: guard, domain checks, successor, store, advance by the guard.

    i64 expand(ptr state, ptr successors, ptr info)
        returns how many successors were stored; info[0] is the number of transitions (a step that leaves a domain
        counts and is not stored); info[1..] are bits, one for each property that this state or one of its steps
        decides (`flags.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from quiesce.core.domains import Boolean, size
from quiesce.core.expressions import FALSE, Cell, Constant, Expr, Op, apply
from quiesce.core.flat import Flat, FlatFormula, FlatProperty, JointRow
from quiesce.core.guards import Guards
from quiesce.core.intervals import bounds
from quiesce.core.kinds import TRAITS
from quiesce.core.properties import PropertyKind
from quiesce.engines.native.emit import HEADER, Function
from quiesce.engines.native.flags import deciding, flags_of
from quiesce.engines.native.layout import Layout
from quiesce.engines.native.narrowing import Narrowing

LONGEST_LEAF = 64
"""Rows in one block without branches; a longer leaf is split into functions."""

SAVED_ROWS = 4
"""A switch is worth its branch when it spares at least this many rows."""


def program(flat: Flat, layout: Layout, asked: Sequence[FlatProperty]) -> str:
    """Return the LLVM text of `expand` for a system and the properties that are asked."""
    return _Program(flat, layout, asked).text()


def row_program(
    flat: Flat, layout: Layout, asked: Sequence[FlatProperty] = (), marks: Sequence[FlatFormula] = ()
) -> str:
    """Return the LLVM text of an `expand` that stores in the place of each successor, in the same order, its joint row.

    The lower half of a word is the number of the row; in the upper half bit n tells whether the step satisfies mark n,
    of 32 at most.
    """
    return _Program(flat, layout, asked, numbering=True, marks=marks).text()


@dataclass(frozen=True, slots=True)
class _Task:
    """A joint row on its way down the tree: the tests that are still open, and the conjuncts that are no tests."""

    row: JointRow
    number: int
    tests: dict[int, frozenset[int]]
    others: tuple[Expr, ...]


class _Program:
    """The function `expand` under construction."""

    def __init__(
        self,
        flat: Flat,
        layout: Layout,
        asked: Sequence[FlatProperty],
        *,
        numbering: bool = False,
        marks: Sequence[FlatFormula] = (),
    ) -> None:
        self.flat, self.layout, self.asked, self.numbering, self.marks = flat, layout, asked, numbering, marks
        self.stride = 1 if numbering else layout.words
        self.out = Function(flat, layout)
        self.blocks = 0
        self.flags = flags_of(asked)
        self.counters = ("made", "fired", "moved", *(f"flags{word}" for word in range(self.flags.words)))
        self.guards = Guards(flat.cells)
        self.leaves: list[str] = []
        self.decided: dict[int, list[tuple[int, Expr]]] = {}
        self.stutters = any(
            question.property.kind is PropertyKind.NO_DEADLOCK and question.property.stuttering for question in asked
        )

    def text(self) -> str:
        """Return the whole function."""
        out = self.out
        head = [f"  %{name} = alloca i64" for name in self.counters]
        out.lines[:0] = head + [f"  store i64 0, ptr %{name}" for name in self.counters]
        self.tree([self.task(row, number) for number, row in enumerate(self.flat.rows)])
        self.judge_state()
        out.do(f"store i64 {out.emit('load i64, ptr %fired')}, ptr %info")
        for word in range(self.flags.words):
            flags = out.emit(f"load i64, ptr %flags{word}")
            out.do(f"store i64 {flags}, ptr {out.address('%info', word + 1)}")
        out.do(f"ret i64 {out.emit('load i64, ptr %made')}")
        body = "\n".join(out.lines)
        arguments = "ptr noalias readonly %state, ptr noalias writeonly %successors, ptr noalias writeonly %info"
        return f"{HEADER}{''.join(self.leaves)}define i64 @expand({arguments}) {{\nentry:\n{body}\n}}\n"

    # -- the switch tree ----------------------------------------------------------------------------------------------

    def task(self, row: JointRow, number: int) -> _Task:
        """Split a guard into tests of one cell each and other conjuncts."""
        return _Task(row, number, *self.guards.split(row.guard))

    def tree(self, tasks: list[_Task]) -> None:
        """Emit tasks: a switch on the cell that spares most rows, then those that do not test it; or a leaf."""
        pivot = self.pivot(tasks)
        if pivot is None:
            if len(tasks) <= LONGEST_LEAF:
                self.rows(tasks)
            else:
                for start in range(0, len(tasks), LONGEST_LEAF):
                    self.outline(tasks[start : start + LONGEST_LEAF])
            return
        self.switch(pivot, [task for task in tasks if self.is_selective(task, pivot)])
        rest = [task for task in tasks if not self.is_selective(task, pivot)]
        if rest:
            self.tree(rest)

    def is_selective(self, task: _Task, slot: int) -> bool:
        """Tell whether half of a cell's codes at most pass a row's test: a row that nearly all pass is in no case."""
        return slot in task.tests and 2 * len(task.tests[slot]) <= size(self.flat.cells[slot].domain)

    def rows(self, tasks: list[_Task]) -> None:
        """Emit a leaf: every row without branches."""
        for task in tasks:
            self.emit_row(task)

    def outline(self, tasks: list[_Task]) -> None:
        """Emit a leaf as a function of its own, and call it: code generation grows faster than a block."""
        name = f"leaf{len(self.leaves)}"
        self.leaves.append("")
        around, self.out = self.out, Function(self.flat, self.layout)
        self.rows(tasks)
        body = "\n".join(self.out.lines)
        pointers = ", ".join(f"ptr %{counter}" for counter in ("state", "successors", *self.counters))
        head = f"define internal void @{name}({pointers}) noinline"
        self.leaves[int(name[4:])] = f"{head} {{\nentry:\n{body}\n  ret void\n}}\n"
        self.out = around
        self.out.do(f"call void @{name}({pointers})")

    def pivot(self, tasks: list[_Task]) -> int | None:
        """Return the cell on which a switch spares most rows, or None where it spares too few."""
        spared: dict[int, float] = {}
        for task in tasks:
            for slot, codes in task.tests.items():
                if self.is_selective(task, slot):
                    spared[slot] = spared.get(slot, 0.0) + 1 - len(codes) / size(self.flat.cells[slot].domain)
        best = max(spared, key=lambda slot: (spared[slot], -slot), default=None)
        return best if best is not None and spared[best] >= SAVED_ROWS else None

    def switch(self, slot: int, tasks: list[_Task]) -> None:
        """Emit a switch on a cell; each case holds the tasks whose test its code passes, without that test."""
        out = self.out
        self.blocks += 1
        name = f"b{self.blocks}"
        code = out.number(Cell(slot))
        cases: dict[tuple[int, ...], list[int]] = {}
        for value in sorted(self.guards.codes(slot)):
            passing = tuple(number for number, task in enumerate(tasks) if value in task.tests[slot])
            if passing:
                cases.setdefault(passing, []).append(value)
        arms = " ".join(
            f"i64 {value}, label %{name}.{number}" for number, values in enumerate(cases.values()) for value in values
        )
        out.do(f"switch i64 {code}, label %{name}.end [ {arms} ]")
        for number, passing in enumerate(cases):
            out.lines.append(f"{name}.{number}:")
            with out.scope():
                self.tree([_without(tasks[index], slot) for index in passing])
            out.do(f"br label %{name}.end")
        out.lines.append(f"{name}.end:")

    # -- one row ------------------------------------------------------------------------------------------------------

    def emit_row(self, task: _Task) -> None:
        """Emit a row without branches: guard, domain checks, successor, step properties, store, advance."""
        out = self.out
        conditions = [self.guards.condition(slot, codes) for slot, codes in task.tests.items()]
        guard = out.both(*[out.truth(condition) for condition in (*conditions, *task.others)])
        out.step({slot: self.update(slot, update) for slot, update in task.row.updates})
        inside = out.both(*[self.check(slot, update) for slot, update in task.row.updates])
        stored = out.both(guard, inside)
        words = [self.marked(task)] if self.numbering else self.successor(task.row)
        self.advance("fired", guard)
        if inside != "true":
            leaves = out.emit(f"xor i1 {inside}, true")
            self.flag(PropertyKind.DOMAINS, out.both(guard, leaves))
        self.judge_step(task, stored)
        if self.stutters:
            self.judge_movement(guard, inside, words)
        position = out.emit("load i64, ptr %made")
        offset = out.emit(f"mul i64 {position}, {self.stride}") if self.stride > 1 else position
        base = out.emit(f"getelementptr i64, ptr %successors, i64 {offset}")
        for word, value in enumerate(words):
            out.do(f"store i64 {value}, ptr {out.address(base, word)}")
        self.advance("made", stored)
        out.step({})

    def marked(self, task: _Task) -> str:
        """Return the number of a row with the marks that its step satisfies."""
        word = str(task.number)
        narrow = self.narrowed(task).of
        for position, mark in enumerate(self.marks):
            assert mark.steps is not None
            formula = narrow(mark.steps[task.row.event])
            if formula != FALSE:
                word = self.out.emit(f"or i64 {word}, {self.out.bit(self.out.truth(formula), 32 + position)}")
        return word

    def update(self, slot: int, update: Expr) -> str:
        """Return the new code of a cell: i1 for truth values, else i64."""
        truth = isinstance(self.flat.cells[slot].domain, Boolean)
        return self.out.truth(update) if truth else self.out.number(update)

    def check(self, slot: int, update: Expr) -> str:
        """Return whether a new code lies in its domain; the check uses the unpacked code."""
        domain = self.flat.cells[slot].domain
        if isinstance(domain, Boolean):
            return "true"
        low, high = bounds(update, self.flat.cells)
        if domain.low <= low and high <= domain.high:
            return "true"
        code = self.out.next[slot]
        low_ok = self.out.emit(f"icmp sge i64 {code}, {domain.low}") if low < domain.low else "true"
        high_ok = self.out.emit(f"icmp sle i64 {code}, {domain.high}") if high > domain.high else "true"
        return self.out.both(low_ok, high_ok)

    def successor(self, row: JointRow) -> list[str]:
        """Return the words of the successor: per word one mask, one constant, and the computed fields."""
        out = self.out
        words = list(out.words)
        for word in range(self.layout.words):
            written = [(slot, update) for slot, update in row.updates if self.layout.fields[slot].word == word]
            if not written:
                continue
            cleared = constant = 0
            computed = []
            for slot, update in written:
                place = self.layout.fields[slot]
                cleared |= place.mask
                if isinstance(update, Constant):
                    assert isinstance(update.value, int)
                    constant |= ((int(update.value) - place.low) << place.shift) & place.mask
                else:
                    computed.append(slot)
            value = out.emit(f"and i64 {words[word]}, {_signed(~cleared)}")
            if constant:
                value = out.emit(f"or i64 {value}, {_signed(constant)}")
            for slot in computed:
                value = out.emit(f"or i64 {value}, {self.placed(slot)}")
            words[word] = value
        return words

    def placed(self, slot: int) -> str:
        """Return a computed code shifted to its field; bits beyond the field are cut (the step is not stored then)."""
        out, place = self.out, self.layout.fields[slot]
        code = out.next[slot]
        if isinstance(self.flat.cells[slot].domain, Boolean):
            code = out.emit(f"zext i1 {code} to i64")
        elif place.low:
            code = out.emit(f"sub i64 {code}, {place.low}")
        shifted = out.emit(f"shl i64 {code}, {place.shift}")
        return out.emit(f"and i64 {shifted}, {_signed(place.mask)}")

    def advance(self, counter: str, truth: str) -> None:
        """Add a truth value to a counter."""
        out = self.out
        count = out.emit(f"load i64, ptr %{counter}")
        step = "1" if truth == "true" else out.emit(f"zext i1 {truth} to i64")
        out.do(f"store i64 {out.emit(f'add i64 {count}, {step}')}, ptr %{counter}")

    # -- properties ---------------------------------------------------------------------------------------------------

    def raise_flag(self, number: int, truth: str) -> None:
        """Set the bit of a property where a truth value holds."""
        if truth == "false":
            return
        out = self.out
        cell = f"%flags{number // 64}"
        flags = out.emit(f"load i64, ptr {cell}")
        out.do(f"store i64 {out.emit(f'or i64 {flags}, {out.bit(truth, number % 64)}')}, ptr {cell}")

    def flag(self, kind: PropertyKind, truth: str) -> None:
        """Set the bits of all properties of a kind."""
        for number, question in enumerate(self.asked):
            if question.property.kind is kind:
                self.raise_flag(number, truth)

    def judge_step(self, task: _Task, stored: str) -> None:
        """Set the bits of the step properties that a stored step of this row decides."""
        for number, formula in self.decisions(task):
            self.raise_flag(number, self.out.both(stored, self.out.truth(formula)))

    def decisions(self, task: _Task) -> list[tuple[int, Expr]]:
        """Return the formulas by which a step of a row decides properties, where its guard holds."""
        if task.number not in self.decided:
            narrow = self.narrowed(task).of
            self.decided[task.number] = [
                (number, formula)
                for number, question in enumerate(self.asked)
                if question.predicate.steps is not None
                if (formula := narrow(deciding(question, question.predicate.steps[task.row.event]))) != FALSE
            ]
        return self.decided[task.number]

    def narrowed(self, task: _Task) -> Narrowing:
        """Return what is left of formulas on the steps of a row."""
        return Narrowing(self.flat.cells, self.task(task.row, task.number).tests, dict(task.row.updates))

    def judge_movement(self, guard: str, inside: str, words: list[str]) -> None:
        """Note that some step changes the state, or leaves a domain."""
        out = self.out
        differ = "false"
        for old, new in zip(out.words, words, strict=True):
            if old != new:
                other = out.emit(f"icmp ne i64 {old}, {new}")
                differ = other if differ == "false" else out.emit(f"or i1 {differ}, {other}")
        if inside != "true":
            leaves = out.emit(f"xor i1 {inside}, true")
            differ = leaves if differ == "false" else out.emit(f"or i1 {differ}, {leaves}")
        if differ != "false":
            self.advance("moved", out.both(guard, differ))

    def judge_state(self) -> None:
        """Set the bits of the state properties that this state decides."""
        out = self.out
        for number, question in enumerate(self.asked):
            if question.property.kind is PropertyKind.NO_DEADLOCK:
                counter = "moved" if question.property.stuttering else "fired"
                count = out.emit(f"load i64, ptr %{counter}")
                stuck = out.emit(f"icmp eq i64 {count}, 0")
                self.raise_flag(number, out.both(stuck, out.truth(apply(Op.NOT, self.flat.rest))))
            elif question.predicate.state is not None and TRAITS[question.property.kind].local:
                self.raise_flag(number, out.truth(deciding(question, question.predicate.state)))
        if self.flags.ends:
            ended = out.emit(f"icmp eq i64 {out.emit('load i64, ptr %fired')}, 0")
            for number, flag in self.flags.ends.items():
                question = self.asked[number]
                self.raise_flag(flag, out.both(ended, out.truth(deciding(question, question.predicate.stutter))))


def _without(task: _Task, slot: int) -> _Task:
    return _Task(
        task.row, task.number, {other: codes for other, codes in task.tests.items() if other != slot}, task.others
    )


def _signed(bits: int) -> int:
    """Return 64 bits as LLVM writes them: a signed integer."""
    bits &= (1 << 64) - 1
    return bits - (1 << 64) if bits >> 63 else bits
