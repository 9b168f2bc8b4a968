"""The one shape in which the API refuses."""


class ApiError(Exception):
    """A request that cannot be granted: `code` for programs, `text` for people, `parameter`."""

    def __init__(self, code: str, text: str, parameter: str = ""):
        self.code = code
        self.text = text
        self.parameter = parameter

    def __str__(self):
        return self.text

    def answer(self) -> dict:
        """{"error": {"code", "text", "parameter"}}, as documented for all doors."""
        return {"error": {"code": self.code, "text": self.text, "parameter": self.parameter}}
