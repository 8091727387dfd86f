"""The parts of the native search, each against what it must be: a set, a list, a bijection, the reference, a formula.

`share` makes batches, chunks, tables and numbers tiny, so that small systems meet what only huge ones meet otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import Phase, given, note, reject, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from quiesce import AF, Machine, System, any_value, library
from quiesce.core.errors import SpecificationError
from quiesce.core.result import Verdict
from quiesce.core.system import System as SystemData
from quiesce.core.verdicts import Explored, explore
from quiesce.engines.checking import check
from quiesce.engines.native import interning, search, space, store, table
from quiesce.engines.native.interning import Tree
from quiesce.engines.native.layout import layout
from quiesce.engines.native.plans import SUB_TABLES, WIDE
from quiesce.engines.native.store import Store
from quiesce.engines.native.table import Table
from quiesce.engines.native.thread_pool import ThreadPool
from quiesce.engines.options import Strategy
from tests.documents import ROOT
from tests.known.die_hard import die_hard
from tests.known.mcs_lock import mcs_lock
from tests.known.missionaries import missionaries_and_cannibals
from tests.known.two_phase import two_phase
from tests.strategies import DRAWING, as_searched, described, systems
from tests.test_engines import chain, cycles

Words = NDArray[np.uint64]

LEAST_STATES, MOST_STATES = 8, 200
RANDOM = settings(DRAWING, max_examples=60, phases=[Phase.generate])


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the objects of throw-away systems out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUIESCE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def share(patch: pytest.MonkeyPatch) -> None:
    """Let three states be worth a second thread, and let everything grow again and again."""
    sizes = {"ALONE": 3, "CHUNK": 2, "LARGEST_CHUNK": 2, "LEAST_BATCH": 5, "MOST_BATCH": 40, "TOGETHER": 3, "BLOCK": 8}
    for name, size in sizes.items():
        patch.setattr(search, name, size)
    patch.setattr(space, "BLOCK", 8)
    patch.setattr(space, "READ", 7)
    patch.setattr(table, "LEAST_SLOTS", 8)
    patch.setattr(space, "SMALL", 5)
    patch.setattr(interning, "LEAST_WIDTH", 4)
    patch.setattr(store, "PAGE", 4)
    assert Store.__init__.__kwdefaults__ is not None
    patch.setitem(Store.__init__.__kwdefaults__, "in_memory", 20)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make batches, chunks, tables and numbers tiny."""
    share(monkeypatch)


def provider(**settings: int) -> SystemData:
    """Return the subject of the measurements."""
    return library.find(str(ROOT / "benchmarks" / "provider.py")).system(settings)


# -- the table -------------------------------------------------------------------------------------------------------


@st.composite
def batches_of_keys(draw: st.DrawFn) -> tuple[int, int, list[list[int]]]:
    """Draw the bits of keys, those of the lower number (0: one word), and batches of keys, with repetitions."""
    bits = draw(st.integers(24, 64))
    right = draw(st.sampled_from([0, max(1, bits - 32), min(32, bits - 1)]))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pool = [0, 2**bits - 1, *map(int, random.integers(0, 2**bits - 1, size=3000, dtype=np.uint64))]
    if right:
        pool = [(key >> right) << 32 | key & (2**right - 1) for key in pool]
    sizes = draw(st.lists(st.integers(0, 2500), min_size=1, max_size=5))
    return bits, right, [[pool[at] for at in random.integers(0, len(pool), size=size)] for size in sizes]


@settings(RANDOM, max_examples=80)
@given(batches_of_keys())
def test_the_table_is_a_set(drawn: tuple[int, int, list[list[int]]]) -> None:
    """Batch after batch, what is new is what a Python set did not have, each once, for keys of 24 to 64 bits."""
    bits, right, batches = drawn
    known: set[int] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "LEAST_SLOTS", 8)
        keys = Table(bits, right, ThreadPool(1), lambda more: None)
    for batch in batches:
        fresh = list(map(int, keys.enter(np.array(batch, dtype=np.uint64))))
        assert sorted(fresh) == sorted(set(batch) - known)
        known |= set(batch)
        assert keys.count == len(known)
    assert len(keys.enter(np.array(sorted(known), dtype=np.uint64))) == 0
    keys.free()


@pytest.mark.parametrize("threads", [17, 33])
def test_many_threads_let_a_table_grow(threads: int) -> None:
    """With more threads than the allocator has arenas, what one has freed is another's at once: no key is lost."""
    pool = ThreadPool(threads)
    for seed in range(5):
        some = np.random.default_rng(seed).integers(0, 1 << 40, size=400_000, dtype=np.uint64)
        keys = Table(40, 0, pool, lambda more: None)
        assert len(keys.enter(some)) == len(np.unique(some))
        assert len(keys.enter(some)) == 0
        keys.free()
    pool.shutdown()


@settings(RANDOM, max_examples=40)
@given(st.permutations([False, True] * 4), st.integers(0, 2**32 - 1))
def test_a_table_that_is_extended_is_a_set(sides: list[bool], seed: int) -> None:
    """Keys get four bits more, of the left number or of the right one, again and again; none is lost or new twice."""
    random = np.random.default_rng(seed)
    widths = [14, 14]
    keys = Table(28, 14, ThreadPool(1), lambda more: None)
    known: set[int] = set()
    for side in [None, *sides]:
        if side is not None:
            keys.extend(widths[side] + (0 if side else 32))
            widths[side] += 4
        left, right = (random.integers(0, 1 << width, size=3000, dtype=np.uint64) for width in widths)
        batch = left << np.uint64(32) | right
        fresh = set(map(int, keys.enter(batch)))
        assert fresh == set(map(int, batch)) - known
        known |= fresh
        assert len(keys.enter(np.array(sorted(known), dtype=np.uint64))) == 0
    keys.free()


@pytest.mark.parametrize(("bits", "first", "last"), [(24, False, False), (40, True, False), (63, True, True)])
def test_slots_become_narrow_as_the_table_grows(bits: int, first: bool, last: bool) -> None:
    """Of 200,000 keys none is lost where 64-bit slots give way to 32-bit ones, for the table has more buckets.

    A sub-table knows 34 of 40 bits by bucket and quotient; a quotient has 27 bits in a narrow slot, so there must be
    2^7 buckets, and 2^10 wide slots need as many.
    """
    keys = Table(bits, 0, ThreadPool(2), lambda more: None)
    assert keys.is_wide is first
    some = np.random.default_rng(bits).permutation(np.arange(1 << 20, dtype=np.uint64))[:200_000]
    numbers = some << np.uint64(bits - 20)
    assert len(keys.enter(numbers)) == len(numbers)
    assert len(keys.enter(numbers[::-1].copy())) == 0
    assert keys.is_wide is last
    keys.free()


def test_the_table_may_be_filled_densely() -> None:
    """The first 2^22 of 2^24 keys are new once, and are not taken for the next ones."""
    keys = Table(24, 0, ThreadPool(1), lambda more: None)
    every = np.arange(1 << 22, dtype=np.uint64)
    assert np.array_equal(np.sort(keys.enter(every)), every)
    assert len(keys.enter(every)) == 0
    assert len(keys.enter(every[: 1 << 18] + np.uint64(1 << 22))) == 1 << 18
    keys.free()


def test_bytes_of_a_key() -> None:
    """From 8 to 9 million keys of 32 bits on, a key takes 4.3 to 5.7 bytes.

    A slot has 4 bytes. A sub-table is looked at after 2^18 keys, so its load is 0.9 + 2^18 / 8e6 at most: 4.3 bytes.
    One that has just grown by three tenths has a load of 0.69: 5.8 bytes, and 0.35 for the 64 * 675 buckets beyond the
    last homes; but sub-tables start with different sizes, so that never all of them have just grown.
    """
    keys = Table(32, 0, ThreadPool(1), lambda more: None)
    seen = []
    for first in range(0, 9_000_000, 1 << 18):
        keys.enter(np.arange(first, first + (1 << 18), dtype=np.uint64))
        if keys.count > 8_000_000:
            seen.append(keys.bytes / keys.count)
    assert len(seen) >= 4
    assert min(seen) > 4.3
    assert max(seen) < 5.7
    keys.free()


# -- the store -------------------------------------------------------------------------------------------------------


@RANDOM
@given(st.lists(st.integers(0, 40), max_size=8), st.sampled_from(["memory", "spilled", "file"]), st.integers(0, 2**32))
def test_the_store_is_a_list(tmp_path_factory: pytest.TempPathFactory, sizes: list[int], kind: str, seed: int) -> None:
    """What was appended stands where it was appended: in memory, in a file that it spilled to, and in its own file."""
    folder, random = tmp_path_factory.mktemp("store"), Random(seed)
    file = folder / "keys" if kind == "file" else None
    written: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "PAGE", 16)
        with closing(Store(folder, file, in_memory=10 if kind == "spilled" else 10**6)) as kept:
            for size in sizes:
                more = [random.randrange(2**64) for _ in range(size)]
                kept.append(np.array(more, dtype=np.uint64))
                written += more
                assert kept.count == len(written)
                for _ in range(3):
                    first, last = sorted(random.randint(0, len(written)) for _ in range(2))
                    assert list(map(int, kept.read(first, last))) == written[first:last]


@RANDOM
@given(st.integers(1, 100), st.integers(0, 799), st.integers(0, 7), st.booleans())
def test_a_spoiled_file_of_states_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, count: int, place: int, bit: int, cut: bool
) -> None:
    """A flipped bit, or a missing end, is Q50 where the page is read, and no other page is accused."""
    file = tmp_path_factory.mktemp("store") / "keys"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "PAGE", 16)
        with closing(Store(file.parent, file)) as kept:
            kept.append(np.arange(count, dtype=np.uint64))
            content = bytearray(file.read_bytes())
            place %= len(content)
            if cut:
                del content[place:]
            else:
                content[place] ^= 1 << bit
            file.write_bytes(content)
            for key in range(count):
                spoiled = place // 8 // 16
                if key // 16 == spoiled or (cut and key // 16 > spoiled):
                    with pytest.raises(SpecificationError, match="cannot be trusted") as problem:
                        kept.read(key, key + 1)
                    assert problem.value.code == "Q50"
                else:
                    assert list(kept.read(key, key + 1)) == [key]


# -- the tree --------------------------------------------------------------------------------------------------------


@RANDOM
@given(st.integers(1, 9), st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_keys_and_states_are_one_to_one(words: int, seed: int, values: int) -> None:
    """States get their keys back and keys their states, also after growth, and never do two states share a key."""
    random = np.random.default_rng(seed)
    bits = int(random.integers(2, 64)) if words == 1 else 63
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interning, "LEAST_WIDTH", 4)
        tree = Tree([bits] * words, 5)
    before = tree.bits
    pool = random.integers(0, 2**bits, size=(words, 2**values), dtype=np.uint64)
    known: dict[bytes, int] = {}
    for _ in range(3):
        states = np.stack([row[random.integers(0, 2**values, size=400)] for row in pool], axis=1)
        keys = tree.keys(states.ravel())
        assert np.array_equal(tree.states(keys).reshape(-1, words), states)
        for state, key in zip(states, map(int, keys), strict=True):
            assert known.setdefault(state.tobytes(), key) == key
    assert len(set(known.values())) == len(known)
    again = tree.states(np.array(list(known.values()), dtype=np.uint64)).reshape(-1, words)
    assert [state.tobytes() for state in again] == list(known)
    assert all(key >> 32 < 2**tree.left and key & (2**32 - 1) < 2**tree.right for key in known.values())
    assert tree.bits > before or values < 5 or bits < 20
    tree.free()


# -- threads ---------------------------------------------------------------------------------------------------------


def answers(system: SystemData, workers: int) -> tuple[object, ...]:
    """Return everything that a search says, but for its time."""
    result = check(system, strategy=Strategy(workers=workers))
    return result.states, result.transitions, result.depth, as_searched(result.properties), result.remarks


def compare(system: SystemData, expected: Explored | None = None) -> tuple[object, ...]:
    """Check that the number of threads changes nothing, and that the reference says the same."""
    found = answers(system, 1)
    assert answers(system, 2) == found
    assert answers(system, 3) == found
    expected = expected or explore(system)
    assert found[:3] == (expected.found.states, expected.found.transitions, expected.found.depth)
    local = {answer.property: answer for answer in expected.answers}
    assert isinstance(found[3], tuple)
    assert [local.get(answer.property, answer) for answer in found[3]] == list(found[3])
    return found


SEEN: dict[str, int] = {}
"""The words of a state of the systems, as text, that were compared."""


def test_threads_change_nothing_on_random_systems() -> None:
    """Counts, verdicts, traces and remarks are the same for 1, 2 and 3 threads, and the reference's."""
    _compare_random()
    assert len(SEEN) >= 40
    assert {1, 2} < set(SEEN.values())


@settings(RANDOM, max_examples=150)
@given(systems())
def _compare_random(written: System) -> None:
    system = written.build()
    text = described(system)
    note(text)
    if text in SEEN:
        return
    try:
        expected = explore(system, max_states=MOST_STATES)
    except SpecificationError:
        reject()
    if expected.found.stopped or expected.found.states < LEAST_STATES:
        return
    with pytest.MonkeyPatch.context() as patch:
        share(patch)
        compare(system, expected)
    SEEN[text] = layout(system.flat.cells).words


def branching(rows: int, padding: int = 2, properties: int = 2) -> System:
    """Return a machine that goes from 0 to any number, from there to 1, with words that change and many questions."""
    machine = Machine("m")
    x = machine.count("x", up_to=rows)
    pads = [machine.count(f"padding{number}", up_to=2**39) for number in range(padding)]
    for value in range(2, rows + 1):
        machine.step(f"to{value}", when=x == 0, then={x: value} | dict.fromkeys(pads[value % 2 :], value * 1000))
        machine.step(f"from{value}", when=x == value, then={x: 1} | dict.fromkeys(pads, 0))
    system = System("branching", machine)
    system.holds("ends", AF(x == 1))
    system.always_possible("three", x == 3)
    for number in range(properties):
        system.never(f"p{number}", x > rows - number)
    return system


MODELS: dict[str, Callable[[], System]] = {
    "cycles": lambda: cycles(3, 4, 5, copies_of_words=3),
    "many cycles": lambda: cycles(2, 3, 2, 3, 2, copies_of_words=1),
    "two phase": lambda: two_phase(managers=3),
    "lock": lambda: mcs_lock(processes=2),
    "die hard": die_hard,
    "missionaries": missionaries_and_cannibals,
    "chain": lambda: chain(70),
    "more rows than a block has room for": lambda: branching(40),
    "one word, more rows": lambda: branching(40, padding=0),
    "more properties than a word has bits": lambda: branching(20, properties=130),
}


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("name", MODELS)
def test_threads_change_nothing_on_models(name: str) -> None:
    """As on random systems, with levels of one state, up to ten words, and more rows and properties."""
    compare(MODELS[name]().build())


@pytest.mark.usefixtures("shared")
def test_keys_become_numbers_in_the_middle_of_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a table of wide slots is large, keys of 51 bits become pairs of numbers, and nothing else changes."""
    real, made = space.Space.compact, []

    def compact(self: space.Space) -> None:
        made.append(self.count)
        real(self)

    monkeypatch.setattr(space.Space, "compact", compact)
    monkeypatch.setattr(space, "WIDE_AT_MOST", 0)
    wide = Machine("wide")
    wide.count("padding", up_to=2**39, initial=2**38)
    system = System("s", wide, *cycles(3, 4, 5, 2, 3).machines)
    assert compare(system.build())[:3] == (360, 5 * 360, 2 + 3 + 4 + 1 + 2)
    assert len(made) == 3
    assert min(made) < 360


@pytest.mark.usefixtures("shared")
def test_no_worker_writes_behind_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words behind a worker's scratch stay as they were, with blocks of any size, one word and many."""
    behind: list[Words] = []
    real = search.Search._new_scratch

    def guarded(self: search.Search) -> None:
        real(self)
        self.memory = [
            each._replace(scratch=np.concatenate([each.scratch, np.full(64, search.NOTHING, dtype=np.uint64)]))
            for each in self.memory
        ]
        behind.extend(each.scratch[-64:] for each in self.memory)

    monkeypatch.setattr(search.Search, "_new_scratch", guarded)
    for system in (branching(40), branching(9, padding=0), cycles(3, 4, 5, copies_of_words=3), die_hard()):
        compare(system.build())
    assert len(behind) == 4 * (1 + 2 + 3)
    assert all((words == search.NOTHING).all() for words in behind)


@pytest.mark.parametrize("bits", range(24, 65))
def test_a_narrow_slot_holds_every_quotient(bits: int) -> None:
    """A slot of 32 bits has five for the probe, from 1 on, and 27 for the quotient: who needs more is wide."""
    keys = Table(bits, 0, ThreadPool(1), lambda more: None)
    for part in range(SUB_TABLES):
        if not int(keys._plan[part]) & WIDE:
            greatest = (2 ** (bits - 6) - 1) // int(keys._plan[SUB_TABLES + part])
            assert greatest << 5 | 31 < 2**32
    keys.free()


@settings(RANDOM)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_fields_share_words_without_overlap(widths: list[int]) -> None:
    """Whatever bits cells have, no word has more than 63 of them, no bit is of two cells, and they keep their order."""
    machine = Machine("m")
    for number, width in enumerate(widths):
        machine.count(f"x{number}", up_to=2**width - 1)
    fields = layout(System("s", machine).build().flat.cells).fields
    numbered = [field for field in fields if field.bits]
    assert [field.bits for field in numbered] == widths
    assert all(field.shift + field.bits <= 63 for field in numbered)
    for one, other in pairwise(numbered):
        assert (one.word, -one.shift) < (other.word, -other.shift)
        assert one.word != other.word or other.shift + other.bits <= one.shift


def test_64_bits_need_two_words() -> None:
    """One bit of a word stays free: 31 and 33 bits are one too many, and 31 and 32 are not."""

    def words(*widths: int) -> int:
        machine = Machine("m")
        for number, width in enumerate(widths):
            machine.count(f"x{number}", up_to=2**width - 1)
        return layout(System("s", machine).build().flat.cells).words

    assert (words(31, 32), words(40, 23), words(31, 33), words(40, 24)) == (1, 1, 2, 2)


@pytest.mark.parametrize("idle", [0, 1, 3])
def test_the_smallest_systems(idle: int) -> None:
    """A system without a row, or whose state has no bit, has its initial states and no depth."""
    others = [Machine(f"idle{number}", states=["only"]) for number in range(idle)]
    still = Machine("still", states=["a", "b"], initial=any_value)
    assert compare(System("s", still, *others).build())[:3] == (2, 0, 0)
    alone = Machine("alone", states=["only"])
    alone.step("turn")
    assert compare(System("s", alone, *others).build())[:3] == (1, 1, 0)


@pytest.mark.parametrize("padding", [0, 2])
def test_many_initial_states(padding: int) -> None:
    """2^17 initial states, each with a step of its own, are 2^18 states, in one word and in more."""
    machine = Machine("m")
    machine.count("x", up_to=2**17 - 1, initial=any_value)
    for number in range(padding):
        machine.count(f"padding{number}", up_to=2**39)
    moved = machine.flag("moved")
    machine.step("move", when=~moved, then={moved: True})
    assert check(System("s", machine).build(), strategy=Strategy(workers=1)).states == 2**18


@pytest.mark.parametrize("workers", [1, 17])
def test_as_many_threads_as_on_a_large_machine(workers: int) -> None:
    """300 * 300 * 3 states of several words are found by one thread and by seventeen."""
    idle = Machine("idle")
    for number in range(2):
        idle.count(f"padding{number}", up_to=2**39)
    system = System("s", *cycles(300, 300, 3).machines, idle)
    assert check(system.build(), strategy=Strategy(workers=workers)).states == 300 * 300 * 3


# -- a formula -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sockets", "padding"), [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (1, 40), (3, 40), (4, 39)])
def test_states_of_the_provider(sockets: int, padding: int) -> None:
    """S sockets have 26 * 7^S + 4^S + 2 states at depth 4 S + 6, in however many words."""
    result = check(provider(sockets=sockets, padding=padding), strategy=Strategy(workers=2))
    assert (result.states, result.depth) == (26 * 7**sockets + 4**sockets + 2, 4 * sockets + 6)
    assert result.verdict is Verdict.HOLDS
