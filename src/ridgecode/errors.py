"""What a user did that can't be carried out."""


class BadInput(ValueError):
    """Input that can't be used: one sentence that names the file or the flag and tells the way out.

    The command line prints that sentence without a traceback and exits with code 2.
    """
