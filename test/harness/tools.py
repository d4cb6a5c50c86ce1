"""Where tests find the programs and the shared data. SPDX-License-Identifier: Apache-2.0"""
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]


def build(hooks=False):
    """The build folder: WRIT_BUILD (WRIT_BUILD_HOOKS for the build with test hooks)."""
    name = "WRIT_BUILD_HOOKS" if hooks else "WRIT_BUILD"
    return pathlib.Path(os.environ.get(name) or ROOT / ("build-hooks" if hooks else "build"))


def program(name, hooks=False):
    """Path of an executable of ours, or None: the top of the build folder, else src/*/, else test/."""
    top = build(hooks)
    below = [*(top / "src").glob("*"), *(top / "test").glob("*"), *(top / "test").glob("*/*")]
    for place in (top, *sorted(below)):
        path = place / name
        if path.is_file() and os.access(path, os.X_OK):
            return path
    return None


def shared(*parts):
    """A path of the shared data (WRIT_SHARED, else beside the source root), or None if it is not here."""
    path = pathlib.Path(os.environ.get("WRIT_SHARED") or ROOT.parent / "shared").joinpath(*parts)
    return path if path.exists() else None
