"""What can be wrong with a set of rules.

Loading raises these and changes nothing. Deciding raises none of them: there, every fault is an outcome.
"""


class RuleSetError(Exception):
    """A rule set that must not be used.

    Attributes:
        file: The file at fault, as named in the mapping that was handed in.
        problem: What is wrong with it, for whoever wrote the file.
    """

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(f"{file}: {problem}")
        self.file = file
        self.problem = problem


class EngineError(RuleSetError):
    """The engine gave no usable answer. The text never repeats what was asked, which may be personal."""
