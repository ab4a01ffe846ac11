"""Decisions have names: a threshold, a radius, a share or a time stands at the head of its file, with its
unit, and not inside a function.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import animelayers

ROOMS = ("imaging", "shot", "stages", "models")
MOST = 60
"""Numbers without a name that all four rooms together must stay below: what a formula cannot be read without.
"""
_PLAIN = {0, 1, 2, 0.5, 127, 128, 255}
_MADE = {"zeros", "ones", "full", "empty", "eye"}
_SHAPED = {*_MADE, "reshape", "broadcast_to", "expand", "view", "tile", "unflatten"}
_TURNED = {"transpose", "permute", "moveaxis", "movedim", "unsqueeze", "squeeze", "flatten", "rot90"}
_REDUCED = {
    "sum",
    "mean",
    "max",
    "min",
    "any",
    "all",
    "argmax",
    "argmin",
    "prod",
    "std",
    "softmax",
    "stack",
    "concatenate",
    "cat",
    "repeat",
}
_BLURS = {"blur", "GaussianBlur", "medianBlur", "boxFilter", "avg_pool2d", "max_pool2d"}
_KEYWORDS = {
    "axis",
    "axes",
    "dim",
    "dims",
    "ndmin",
    "ksize",
    "kernel_size",
    "stride",
    "padding",
    "connectivity",
    "shape",
}
_CHANNEL = {"insertChannel", "extractChannel"}
_CHANNELS = 4


def unnamed(tree: ast.Module) -> Iterator[ast.expr]:
    """The numbers in the functions of a module that decide something and have no name.

    A number counts wherever it stands in a function, in its default values too (but for the options of a
    class, which are named and documented where they are given), in a lambda, a table or a text that is made a
    number; what is computed from numbers alone counts as one. It does not count if it is 0, 1, 2, 1/2, 127,
    128 or 255, with either sign, or if it is form and no choice:

    - an index, a number that one is added up from, or a slice of up to four, as many as there are channels
      (to take the first twelve, or every seventh, is a decision, and so is a threshold that makes a mask);
    - a shape that an array is made or read with, or an axis of one;
    - a number that a shape, a size in bytes or a number of axes is compared with;
    - the side of a kernel, and the neighbours (4 or 8) of a pixel, given to a function of OpenCV under its
      own name for it;
    - a channel of a picture;
    - the layers of a network, in the constructor of a torch module.
    """
    formed = {id(part) for node in ast.walk(tree) for form in _forms(node) for part in _parts(form)}
    for function in ast.walk(tree):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from _numbers(function, formed)


def _numbers(function: ast.AST, formed: set[int]) -> Iterator[ast.expr]:
    body = function.body if isinstance(function.body, list) else [function.body]
    given = (
        []
        if getattr(function, "name", "") == "__init__"
        else [*function.args.defaults, *function.args.kw_defaults]
    )
    todo: list[ast.AST] = [*body, *(default for default in given if default is not None)]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        value = _value(node)
        if value is None or id(node) in formed:
            todo += ast.iter_child_nodes(node)
        elif abs(value) not in _PLAIN:
            yield node


def _value(node: ast.AST) -> float | None:
    """The number that an expression of numbers alone stands for."""
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            value = _value(inner)
            return None if value is None else -value
        case ast.BinOp(left=left, right=right) if _value(left) is not None and _value(right) is not None:
            return float(eval(compile(ast.Expression(node), "", "eval"), {}))
        case ast.Call(func=ast.Name(id="int" | "float"), args=[ast.Constant(value=str() as text)]):
            return float(text)
    return None


def _forms(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node whose numbers are form."""
    match node:
        case ast.Subscript(slice=part):
            yield part if not isinstance(part, (ast.Compare, ast.Call)) else ast.Pass()
        case ast.Call(func=function, args=args, keywords=keywords):
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            method = isinstance(function, ast.Attribute) and getattr(function.value, "id", "") not in (
                "np",
                "torch",
                "cv2",
            )
            yield from (k.value for k in keywords if k.arg in _KEYWORDS)
            if name in _SHAPED:
                yield from args if method else args[:1] if name in _MADE else args[1:]
            elif name in _TURNED or (name in _REDUCED and isinstance(function, ast.Attribute)):
                yield from args if method else args[1:]
            elif name in _BLURS or name in _CHANNEL:
                yield from args[1:2] if name != "insertChannel" else args[2:]
        case ast.Compare(
            left=left, ops=[ast.Eq() | ast.NotEq() | ast.In() | ast.NotIn()], comparators=others
        ) if any(map(_sized, (left, *others))):
            yield from (each for each in (left, *others) if not _sized(each))
        case ast.ClassDef(bases=bases, body=body) if any(
            isinstance(b, ast.Attribute) and b.attr == "Module" for b in bases
        ):
            yield from (
                part
                for f in body
                if isinstance(f, ast.FunctionDef) and f.name == "__init__"
                for part in ast.walk(f)
            )


def _parts(form: ast.AST) -> Iterator[ast.AST]:
    """A node and what it is made of, but for what is compared, called or cut off in it."""
    yield form
    for child in ast.iter_child_nodes(form):
        cut = isinstance(form, ast.Slice) and abs(_value(child) or 0) > _CHANNELS
        if not (cut or isinstance(child, (ast.Compare, ast.Call))):
            yield from _parts(child)


def _sized(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return getattr(node.func, "id", "") == "len"
    return any(isinstance(part, ast.Attribute) and part.attr in ("ndim", "shape") for part in ast.walk(node))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def f(x): return x > 20", ["20"]),
        ("def f(x, least=0.3): return x > least", ["0.3"]),
        ("def f(x): return x > float('0.3')", ["float('0.3')"]),
        ("def f(x): return x > 60 / 24", ["60 / 24"]),
        ("f = lambda x: {'far': 0.4}[x]", ["0.4"]),
        ("def f(x):\n    def g(y): return y * 7\n    return g(x)", ["7"]),
        ("def f(x): return x[x > 30] + x[:12] + x[::5]", ["12", "30", "5"]),
        ("def f(x): return cv2.dilate(x, np.ones((round(x.size / 24),) * 2, np.uint8))", ["24"]),
        ("def f(x): return min(x.shape) < 32 or max(x, 3)", ["3", "32"]),
        ("def f(x): return x.clip(-4, 4).mean(3) ** 2 / 255 + 0.5", ["-4", "4"]),
        (
            "LEAST = 20\nclass Cut:\n    side: int = 64\n    def __init__(self, short: int = 480): self.short = short",
            [],
        ),
        (
            "def f(x): return x[..., 3] + x[:3] + x[4 * x.size + 7], x.reshape(-1, 3), np.zeros((5, 3)), x.ndim == 3, len(x) != 4",
            [],
        ),
        (
            "def f(x): return cv2.blur(x, (3, 3)), cv2.connectedComponents(x, connectivity=8), x.transpose(0, 3, 1, 2)",
            [],
        ),
        (
            "class Net(nn.Module):\n    def __init__(self): self.fc = nn.Linear(2048, 128)\n    def forward(self, x): return x * 9",
            ["9"],
        ),
    ],
)
def test_what_counts(code: str, found: list[str]) -> None:
    assert sorted(ast.unparse(number) for number in unnamed(ast.parse(code))) == found


def test_decisions_have_names() -> None:
    root = Path(animelayers.__file__).parent
    found = [
        f"{path.relative_to(root)}:{number.lineno} {ast.unparse(number)}"
        for room in ROOMS
        for path in sorted((root / room).rglob("*.py"))
        for number in unnamed(ast.parse(path.read_text()))
    ]
    assert len(found) < MOST, "name these where the others of their file have names:\n" + "\n".join(found)
