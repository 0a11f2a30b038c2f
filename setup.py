"""What pyproject.toml can't say: requirements.txt is the list of what the course needs, and its notebooks go along."""

from pathlib import Path
from shutil import copytree, ignore_patterns

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent


def requirements() -> list[str]:
    """The list without options, and without what only builds."""
    lines = (line.partition("#")[0].strip() for line in (HERE / "requirements.txt").read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith(("-", "setuptools="))]


class WithNotebooks(build_py):
    """A wheel has no checkout beside it, so `helpers/notebooks` holds the course."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            unwanted = ignore_patterns(".ipynb_checkpoints", "__pycache__", ".*")
            place = Path(self.build_lib) / "helpers" / "notebooks"
            copytree(HERE / "notebooks", place, dirs_exist_ok=True, ignore=unwanted)


setup(install_requires=requirements(), cmdclass={"build_py": WithNotebooks})
