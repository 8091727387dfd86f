"""From LLVM text to functions in memory, with a cache of object code between runs."""

from __future__ import annotations

import hashlib
from functools import cache

import llvmlite
import llvmlite.binding as llvm

from quiesce.engines.native.cache_files import cache_folder, keep, kept

MANY_LINES, HUGE = 6_000, 60_000
"""Above this many lines of text, compile at O1, and at O0: code generation grows faster than the text, the less so the
less it does. So what is slow to compile runs slower instead."""


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


def compiled(text: str, *, optimised: bool = False) -> Compiled:
    """Return the functions of an LLVM text, compiled for this processor or read from the cache.

    A text that is `optimised` goes through no passes again.
    """
    file = cache_folder() / "objects" / f"{_key(text)}.o"
    code = kept(file)
    if code is None:
        code = _compile(text, optimised)
        keep(file, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(2))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Compiled(engine)


def _key(text: str) -> str:
    """Return a name for an object: text, processor and compiler decide it."""
    _prepare()
    parts = (text, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), llvmlite.__version__, "1")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _compile(text: str, optimised: bool) -> bytes:
    lines = text.count("\n")
    level = 2 if optimised or lines < MANY_LINES else 1 if lines < HUGE else 0
    target = _target(level)
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_process_triple()
    if not optimised:
        builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(level))
        builder.getModulePassManager().run(module, builder)
    return bytes(target.emit_object(module))
