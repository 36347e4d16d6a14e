"""tree.py - the files of the tree, for the checks: what git tracks or would."""
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def files(*patterns):
    """Paths relative to ROOT, sorted; patterns as git takes them, such as '*.c' or 'src/*.h'."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    names = sorted(set(filter(None, listed.split("\0"))))
    return [pathlib.Path(name) for name in names if (ROOT / name).is_file()]


def lines(path):
    """The lines of a file, without their ends."""
    return (ROOT / path).read_text(encoding="utf-8", errors="replace").splitlines()
