"""Just enough C++ reading for the house rules: comments and literals out, blocks found."""
import re

# A quote between hex digits is a digit separator (1'000'000), not a character literal.
LITERAL = re.compile(
    r"""//[^\n]*|/\*.*?\*/|\bR"([^(\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"
    |(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL | re.VERBOSE,
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
BOUNDARY = re.compile(r"[{};]")
ATTRIBUTE = re.compile(r"\[\[.*?\]\]|\balignas\([^)]*\)", re.DOTALL)
CONTAINER = re.compile(r'^(?:inline\s+|typedef\s+|static\s+)*(namespace|class|struct|union|enum)\b')


def blank(match):
    """Spaces of the same shape, so that line numbers and columns survive."""
    return re.sub(r"[^\n]", " ", match[0])


def without_comments_and_literals(text):
    return LITERAL.sub(blank, text)


def without_directives(code):
    return DIRECTIVE.sub(blank, code)


def without_template_heads(head):
    """`template <class T> void f()` must not look like a class."""
    while (found := re.search(r"\btemplate\s*<", head)) is not None:
        depth, at = 1, found.end()
        while at < len(head) and depth > 0:
            depth += {"<": 1, ">": -1}.get(head[at], 0)
            at += 1
        head = head[: found.start()] + head[at:]
    return head


def kind_of(head):
    """What the block after this text is: namespace, type, function, or other (initialisers)."""
    head = ATTRIBUTE.sub("", without_template_heads(head)).strip()
    container = CONTAINER.match(head)
    if container and "(" not in head.split(":", 1)[0].replace("::", ""):
        return "namespace" if container[1] == "namespace" else "type"
    if head in ("extern", ""):  # `extern "C" {`, its literal already blanked
        return "namespace" if head else "other"
    if "(" in head and not head.endswith("="):
        return "function"
    return "other"


class Blocks:
    """The outermost functions, and the statements that stand directly in a namespace or type."""

    def __init__(self, code):
        self.functions = []  # (first line, line of the brace that opens the body, last line)
        self.namespace_statements = []  # (line, text)
        self.type_statements = []
        self._scan(without_directives(code))

    def _scan(self, code):
        line_starts = [0] + [m.end() for m in re.finditer("\n", code)]
        stack = []  # (kind, where its head starts, where its brace is)
        head_start = 0
        for mark in BOUNDARY.finditer(code):
            at = mark.start()
            in_function = any(kind == "function" for kind, _, _ in stack)
            if mark[0] == "{":
                kind = "other" if in_function else kind_of(last_label(code[head_start:at]))
                stack.append((kind, head_start, at))
                head_start = at + 1
            elif mark[0] == "}" and stack:
                kind, start, opened = stack.pop()
                # `f() : a_{1}, b_{2} {`: the braces of the list belong to the same head.
                goes_on = kind in ("other", "function") and in_list(code, at)
                if kind == "function" and not goes_on:
                    first = skip_space(code, start)
                    self.functions.append(tuple(line_of(line_starts, p) for p in (first, opened, at)))
                head_start = start if goes_on or kind == "other" else at + 1
            elif mark[0] == ";":
                kinds = {kind for kind, _, _ in stack[-1:]} or {"namespace"}
                statement = (line_of(line_starts, skip_space(code, head_start)),
                             code[head_start:at].strip())
                if not in_function and kinds == {"namespace"}:
                    self.namespace_statements.append(statement)
                elif not in_function and kinds == {"type"}:
                    self.type_statements.append(statement)
                head_start = at + 1


def skip_space(code, at):
    return re.compile(r"\s*").match(code, at).end()


def last_label(head):
    """Text after `public:` and its like, which are not ended by a semicolon."""
    return re.split(r"\b(?:public|private|protected)\s*:", head)[-1]


def in_list(code, at):
    """True when the block that closes at `at` is followed by more of the same head."""
    rest = re.compile(r"\s*(\S)").match(code, at + 1)
    return rest is not None and rest[1] in ",{"


def line_of(line_starts, at):
    low, high = 0, len(line_starts)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if line_starts[middle] <= at else (low, middle)
    return low + 1
