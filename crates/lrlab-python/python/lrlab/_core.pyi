"""The compiled half of lrlab."""

VERSION: str

class SpecError(ValueError):
    """A spec that cannot be read or built."""

def command(arguments: list[str]) -> int:
    """Runs the command line on `arguments`, the program's name first, and gives its exit code."""
