"""From LLVM text to functions in memory, with a cache of object code between runs."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm
from platformdirs import user_cache_path

DIGEST = hashlib.sha256().digest_size
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


def cache_folder() -> Path:
    """Return where compiled code is kept between runs; `QUIESCE_CACHE_DIR` overrides the user's cache folder."""
    given = os.environ.get("QUIESCE_CACHE_DIR")
    return Path(given) if given else user_cache_path("quiesce", appauthor=False)


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


def compiled(text: str) -> Compiled:
    """Return the functions of an LLVM text, compiled for this processor or read from the cache."""
    file = cache_folder() / "objects" / f"{_key(text)}.o"
    code = _kept(file)
    if code is None:
        code = _compile(text)
        _keep(file, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target(2))
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Compiled(engine)


def _key(text: str) -> str:
    """Return a name for an object: text, processor and compiler decide it."""
    _prepare()
    parts = (text, llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten(), llvmlite.__version__, "1")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _compile(text: str) -> bytes:
    lines = text.count("\n")
    level = 2 if lines < MANY_LINES else 1 if lines < HUGE else 0
    target = _target(level)
    module = llvm.parse_assembly(text)
    module.triple = llvm.get_process_triple()
    builder = llvm.create_pass_builder(target, llvm.create_pipeline_tuning_options(level))
    builder.getModulePassManager().run(module, builder)
    return bytes(target.emit_object(module))


def _kept(file: Path) -> bytes | None:
    """Return an object from the cache, or None where there is none or its digest says that it was cut or altered."""
    try:
        stored = file.read_bytes()
    except OSError:
        return None
    digest, code = stored[:DIGEST], stored[DIGEST:]
    return code if digest == hashlib.sha256(code).digest() else None


def _keep(file: Path, code: bytes) -> None:
    """Write an object so that no other process ever reads half of it; a cache that cannot be written is no error."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(hashlib.sha256(code).digest() + code)
            os.replace(name, file)
        except OSError:
            os.unlink(name)
