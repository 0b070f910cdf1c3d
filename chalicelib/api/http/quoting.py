"""Quote the client's text in messages, which are short however long the text is."""

MAX_SHOWN = 60  # characters of the client's text that a message quotes


def quoted(text: str, length: int = MAX_SHOWN) -> str:
    """Quote the start of the client's text, at most `length` characters."""
    return repr(shortened(text, length))


def shortened(text: str, length: int) -> str:
    """The text itself, or its first `length` characters and an ellipsis.

    >>> shortened("abcdef", 3)
    'abc...'
    """
    return text if len(text) <= length else text[:length] + "..."
