"""An answer against the typed model that the official client reads it into.

The models are written by the cloud's vendor from the API's own description. What a model drops, the API does not say;
what a model holds with another type than it declares, the API says otherwise.
"""

import re
import typing

from Tea.model import TeaModel


def differences(raw: object, model: TeaModel) -> list[str]:
    """Returns what is wrong with a raw answer: fields that the model lost, and values of another type than declared."""
    return [*lost(raw, model.to_map(), ""), *mistyped(model, type(model), "")]


def lost(raw: object, kept: object, path: str) -> list[str]:
    """Returns the fields of the raw answer that did not survive the way through the model."""
    if isinstance(raw, dict) and isinstance(kept, dict):
        found = []
        for name, value in raw.items():
            place = f"{path}.{name}" if path else name
            if name not in kept:
                why = "null, which the cloud leaves out" if value is None else "not a field of the client's model"
                found.append(f"{place} is {why}")
            else:
                found += lost(value, kept[name], place)
        return found
    if isinstance(raw, list) and isinstance(kept, list) and len(raw) == len(kept):
        return [problem for pair in zip(raw, kept) for problem in lost(*pair, f"{path}[]")]
    if raw == kept and type(raw) is type(kept):
        return []
    return [f"{path} is {raw!r}, which the client's model reads as {kept!r}"]


def mistyped(value: object, declared: object, path: str) -> list[str]:
    """Returns the values that are not of the type that the model declares."""
    if value is None or declared is typing.Any:
        return []
    origin = typing.get_origin(declared)
    if origin is list:
        if not isinstance(value, list):
            return [f"{path} is {value!r}, and a list is declared"]
        (item,) = typing.get_args(declared) or (typing.Any,)
        return [problem for element in value for problem in mistyped(element, item, f"{path}[]")]
    if origin is dict:
        if not isinstance(value, dict):
            return [f"{path} is {value!r}, and a map is declared"]
        _, item = typing.get_args(declared) or (str, typing.Any)
        return [problem for name, held in value.items() for problem in mistyped(held, item, f"{path}.{name}")]
    if isinstance(declared, type) and issubclass(declared, TeaModel):
        if not isinstance(value, declared):
            return [f"{path} is {value!r}, and a structure is declared"]
        fields = typing.get_type_hints(type(value).__init__)
        return [
            problem
            for name, field in fields.items()
            for problem in mistyped(getattr(value, name), field, f"{path}.{name}" if path else name)
        ]
    return [] if is_a(value, declared) else [f"{path} is {value!r}, and `{name_of(declared)}` is declared"]


def is_a(value: object, declared: object) -> bool:
    """A boolean is no number here, although Python says so; a whole number may stand for a fraction."""
    if declared is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(declared, type) and type(value) is declared


def name_of(declared: object) -> str:
    return getattr(declared, "__name__", str(declared))


def missing(raw: object, paths: typing.Iterable[str]) -> list[str]:
    """Returns those of the paths (`Roles.Role[].RoleName`) that are not in a raw answer, or in it without a value.

    A list on the way must have at least one element: where nothing is listed, nothing is shown.
    """
    return [f"{path} is missing" for path in paths if not has(raw, re.split(r"\.", path))]


def has(value: object, steps: list[str]) -> bool:
    if not steps:
        return value is not None
    name, is_list = re.subn(r"\[\]$", "", steps[0])
    if not isinstance(value, dict) or name not in value:
        return False
    if is_list:
        items = value[name]
        return isinstance(items, list) and bool(items) and all(has(item, steps[1:]) for item in items)
    return has(value[name], steps[1:])
