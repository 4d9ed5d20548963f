"""The scripts explain themselves and prepare a bare machine; what they install is pinned and accounted for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted(path.name for path in (ROOT / "script").iterdir() if path.suffix == "")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = ("3.11", "3.12", "3.13")
APART = "provision"  # lives in an environment of its own, pinned in deploy/raspberrypi
TINY_PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "tiny"
version = "1"
[tool.hatch.build]
dev-mode-dirs = ["."]
"""


def test_the_scripts_that_the_readers_are_promised_are_there() -> None:
    assert {"demo", "test", "lint", "bench", "soak"} <= set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_explains_itself_from_any_folder(name: str, tmp_path: Path) -> None:
    said = run([ROOT / "script" / name, "--help"], cwd=tmp_path).stdout
    assert f"usage: script/{name}" in said.replace("Usage:", "usage:")
    assert len(said.splitlines()) > 2
    assert "#" not in said


@pytest.mark.parametrize(("name", "argument"), [("lint", "--polish"), ("bench", "weather")])
def test_an_unknown_word_is_refused_by_name(name: str, argument: str) -> None:
    done = run([ROOT / "script" / name, argument], expect=1)
    assert argument in done.stderr


def test_continuous_integration_runs_the_same_tests() -> None:
    assert "script/test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]


def test_without_a_fit_python_one_sentence_says_what_to_install(tmp_path: Path) -> None:
    programs(tmp_path, python3="exit 1")
    done = library("make_environment", path=tmp_path, expect=1)
    assert done.stderr.startswith("Missing here: python3 python3-venv. Install them")
    assert len(done.stderr.splitlines()) == 1


def test_whoever_may_not_install_is_given_the_command(tmp_path: Path) -> None:
    programs(tmp_path, **{"apt-get": "exit 9", "id": "echo 1000"})
    done = library("install_packages chromium shellcheck", path=tmp_path, expect=1)
    assert "sudo apt-get install -y chromium shellcheck" in done.stderr


def test_root_on_debian_gets_a_missing_python_installed(tmp_path: Path) -> None:
    install = f'case "$*" in *install*) ln -s {sys.executable} "${{0%/*}}/python3" ;; esac'
    programs(tmp_path, **{"apt-get": install, "id": "echo 0"})
    done = library('install_missing "$(missing_python)"; find_python', path=tmp_path)
    assert done.stdout.strip() == str(tmp_path / "python3")


def test_an_installation_that_fails_shows_the_words_of_apt(tmp_path: Path) -> None:
    programs(tmp_path, **{"apt-get": "echo no space left; exit 100", "id": "echo 0"})
    done = library("install_packages chromium", path=tmp_path, expect=1)
    assert "no space left" in done.stderr
    assert "could not install chromium" in done.stderr


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkout with our scripts, prepared once."""
    checkout = tmp_path_factory.mktemp("bare") / "checkout"
    shutil.copytree(ROOT / "script", checkout / "script")
    (checkout / "tiny").mkdir()
    (checkout / "tiny" / "__init__.py").touch()
    (checkout / "pyproject.toml").write_text(TINY_PROJECT, encoding="utf-8")
    pinned = pins("requirements.txt")
    lines = [f"{name}=={pinned[name]}" for name in needed(["hatchling"])]
    (checkout / "requirements.txt").write_text("\n".join(lines), encoding="utf-8")
    (checkout / "requirements-dev.txt").write_text("-r requirements.txt\n", encoding="utf-8")
    assert "Creating .venv" in prepare(checkout)
    return checkout


@pytest.mark.timeout(600)
def test_a_bare_checkout_is_prepared_once(prepared: Path) -> None:
    assert origin_of_tiny(prepared) == prepared / "tiny" / "__init__.py"
    assert prepare(prepared) == ""


@pytest.mark.timeout(600)
def test_changed_requirements_are_installed_again(prepared: Path) -> None:
    prepare(prepared)
    with (prepared / "requirements-dev.txt").open("a", encoding="utf-8") as file:
        file.write("# another pin\n")
    said = prepare(prepared)
    assert "Installing" in said
    assert "Creating" not in said


@pytest.mark.timeout(600)
def test_a_copied_checkout_runs_its_own_code(prepared: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(prepared, copy, symlinks=True)
    assert "Installing" in prepare(copy)
    assert origin_of_tiny(copy) == copy / "tiny" / "__init__.py"


@pytest.mark.timeout(600)
def test_an_environment_whose_python_is_gone_is_made_anew(prepared: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(prepared, copy, symlinks=True)
    (copy / ".venv" / "bin" / "python").unlink()
    assert "Creating .venv" in prepare(copy)


def test_what_the_demo_runs_with_is_pinned_whole() -> None:
    wanted = [*PROJECT["project"]["dependencies"], *extra("demo"), *PROJECT["build-system"]["requires"]]
    assert set(pins("requirements.txt")) == needed(wanted)


def test_what_the_tests_run_with_is_pinned_whole() -> None:
    assert set(pins("requirements.txt")) | set(pins("requirements-dev.txt")) == needed([*ours(), "packaging"])


def test_every_pin_is_within_the_range_that_is_asked_for() -> None:
    pinned = pins("requirements.txt") | pins("requirements-dev.txt")
    outside = [each for each in map(Requirement, ours()) if pinned[canonicalize_name(each.name)] not in each.specifier]
    assert outside == []


def test_every_dependency_has_its_line_in_the_docs() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    named = {canonicalize_name(name) for name in re.findall(r"^\| `([\w.-]+)", page, flags=re.MULTILINE)}
    assert named == {canonicalize_name(Requirement(each).name) for each in (*ours(), *extra(APART))}


def extra(name: str) -> list[str]:
    """Return an extra's requirements, our own extras left out."""
    listed: list[str] = PROJECT["project"]["optional-dependencies"][name]
    return [each for each in listed if not each.startswith("room-kiosk")]


def ours() -> list[str]:
    """Return every requirement that pyproject.toml names for one environment."""
    named = [each for name in PROJECT["project"]["optional-dependencies"] if name != APART for each in extra(name)]
    return [*PROJECT["project"]["dependencies"], *named, *PROJECT["build-system"]["requires"]]


def pins(file: str) -> dict[str, str]:
    """Return the version that a requirements file gives each package."""
    text = (ROOT / file).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, flags=re.MULTILINE))


def needed(wanted: Iterable[str]) -> set[str]:
    """Return the names of all packages that these requirements lead to, on any Python that we run on."""
    seen: set[tuple[str, frozenset[str]]] = set()
    queue = [Requirement(each) for each in wanted]
    while queue:
        asked = queue.pop()
        name, extras = canonicalize_name(asked.name), frozenset(asked.extras)
        if (name, extras) not in seen:
            seen.add((name, extras))
            queue += [each for each in map(Requirement, requires(name) or []) if applies(each, extras)]
    return {name for name, _ in seen}


def applies(requirement: Requirement, extras: Iterable[str]) -> bool:
    """Tell whether a requirement holds on this system, for any of our Pythons and the extras asked for."""
    marker = requirement.marker
    if marker is None:
        return True
    places = [{"python_version": python, "python_full_version": f"{python}.9"} for python in PYTHONS]
    return any(marker.evaluate({**place, "extra": each}) for place in places for each in ("", *extras))


def prepare(checkout: Path) -> str:
    """Prepare a checkout and return the progress that was printed."""
    command = f'. "{checkout}/script/lib.sh"; prepare requirements.txt'
    return run(["bash", "-c", command], cwd=checkout.parent).stderr


def origin_of_tiny(checkout: Path) -> Path:
    question = "import tiny; print(tiny.__file__)"
    return Path(run([checkout / ".venv" / "bin" / "python", "-c", question], cwd=checkout.parent).stdout.strip())


def programs(folder: Path, **fakes: str) -> None:
    """Fill a folder, to be all of PATH, with the real programs that the scripts use and with fakes."""
    for name in ("bash", "cat", "dirname", "id", "ln"):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, body in fakes.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(f"#!{shutil.which('bash')}\n{body}\n", encoding="utf-8")
        (folder / name).chmod(0o755)


def library(command: str, path: Path, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a function of the shared library with nothing but `path` to find programs in."""
    script = f'. "{ROOT}/script/lib.sh"; PYTHON=/nowhere; {command}'
    return run([path / "bash", "-c", script], expect=expect, environment={"PATH": str(path)})


def run(
    command: list[str | Path], cwd: Path = ROOT, expect: int = 0, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and insist on its exit code."""
    env = environment or dict(os.environ)
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == expect, f"{command}: {done.stdout}{done.stderr}"
    return done
