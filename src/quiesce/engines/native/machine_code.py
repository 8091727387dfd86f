"""From LLVM text to functions in memory, with a cache of object code between runs."""

from __future__ import annotations

import hashlib
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm

from quiesce.engines.native.cache_files import cache_folder, keep, kept

MANY_LINES, HUGE = 6_000, 60_000
"""Above this many lines of text, compile at O1, and at O0: code generation grows faster than the text, the less so the
less it does. So what is slow to compile runs slower instead."""


class Care(Enum):
    """How a text is compiled: what runs long is worth optimising, and what was optimised need not be again."""

    FULL = "full"
    QUICK = "quick"
    """Without optimisation: an eighth of the time, and code that is a few times slower."""
    PREPARED = "prepared"
    """The text itself is optimised already: only code is generated."""


class Compiled:
    """Machine code in memory; it lives as long as this object."""

    def __init__(self, engine: llvm.ExecutionEngine) -> None:
        self._engine = engine

    def address(self, name: str) -> int:
        """Return the address of a function."""
        return int(self._engine.get_function_address(name))


@cache
def _prepare() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _target(level: int) -> llvm.TargetMachine:
    _prepare()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        opt=level,
        codemodel="jitdefault",
        jit=True,
    )


MOST_LOADED = 64
"""Programs that stay in memory when nobody uses them any more: the same system may be checked again."""


@lru_cache(MOST_LOADED)
def compiled(text: str, care: Care = Care.FULL) -> Compiled:
    """Return the functions of an LLVM text, compiled for this processor or read from the cache.

    What is to be compiled quickly is taken from the cache where it was compiled with care before.
    """
    code = None if care is Care.PREPARED else kept(_file(text, Care.FULL))
    if code is None:
        file = _file(text, care)
        code = None if care is Care.FULL else kept(file)
        if code is None:
            code = _compile(text, care)
            keep(file, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(2))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Compiled(engine)


def _file(text: str, care: Care) -> Path:
    """Return the file of an object: text, care, processor and compiler decide its name."""
    _prepare()
    parts = (text, care.value, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), llvmlite.__version__)
    return cache_folder() / "objects" / f"{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()}.o"


def _compile(text: str, care: Care) -> bytes:
    lines = text.count("\n")
    level = 0 if care is Care.QUICK or lines > HUGE else 1 if care is Care.FULL and lines > MANY_LINES else 2
    target = _target(level)
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_process_triple()
    if care is Care.FULL:
        builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(level))
        builder.getModulePassManager().run(module, builder)
    return bytes(target.emit_object(module))
