"""Plant a bug: import modules with a line of their source replaced.

A replacement that no longer applies is an error, so a planted bug moves with the code.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType
from typing import Any

from lib.settings import ROOT

#: Module, what stands there, and what is to stand there instead.
Edit = tuple[str, str, str]


class Planter(MetaPathFinder):
    """Finds the modules that are to be edited, ahead of the ordinary finders."""

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.sources: dict[str, tuple[Path, str]] = {}
        for name, old, new in edits:
            file = ROOT / f"{name.replace('.', '/')}.py"
            file = file if file.is_file() else ROOT / name.replace(".", "/") / "__init__.py"
            source = self.sources.get(name, (file, file.read_text(encoding="utf-8")))[1]
            assert source.count(old) == 1, f"no longer applies to {name}, mend the bug: {old!r}"
            self.sources[name] = (file, source.replace(old, new))

    def install(self) -> None:
        """Edit every module that is imported from now on."""
        early = [name for name in self.sources if name in sys.modules]
        assert not early, f"{early} are imported already"
        sys.meta_path.insert(0, self)

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        """Return the spec of an edited module, or None."""
        if fullname not in self.sources:
            return None
        file, source = self.sources[fullname]
        return spec_from_file_location(fullname, file, loader=Edited(fullname, str(file), source))


class Edited(SourceFileLoader):
    """Loads a module from a source in memory; no compiled file is read or written."""

    def __init__(self, fullname: str, file: str, source: str) -> None:
        super().__init__(fullname, file)
        self.source = source

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source."""
        assert fullname == self.name
        code: CodeType = self.source_to_code(self.source.encode(), self.path)
        return code
