"""What schemas are made of."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import TypeAdapter

Schema = dict[str, Any]

_COMPONENTS: Final = "#/components/schemas/"

TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": "number"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
FLAG: Final[Schema] = {"type": "boolean"}
INSTANT: Final[Schema] = {"type": "string", "format": "date-time"}
DAY: Final[Schema] = {"type": "string", "format": "date"}
ANYTHING: Final[Schema] = {}


def ref(name: str) -> Schema:
    return {"$ref": f"{_COMPONENTS}{name}"}


def array(items: Schema, **limits: Any) -> Schema:
    return {"type": "array", "items": items, **limits}


def nullable(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]} if "type" in schema else {"oneOf": [schema, {"type": "null"}]}


def one_of_words(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


def identifier(prefix: str) -> Schema:
    return {"type": "string", "pattern": f"^{prefix}_[0-9a-hjkmnp-tv-z]{{26}}$"}


def members(properties: Mapping[str, Schema], *, optional: Sequence[str] = (), closed: bool = True) -> Schema:
    required = [name for name in properties if name not in optional]
    schema: Schema = {"type": "object", "properties": dict(properties)}
    return schema | ({"required": required} if required else {}) | ({"additionalProperties": False} if closed else {})


def wrapped(name: str, schema: Schema) -> Schema:
    return members({name: schema})


def envelope(schema: Schema) -> Schema:
    return wrapped("data", schema)


def add_model(found: dict[str, Schema], name: str, adapter: TypeAdapter[Any]) -> None:
    """The schema under `name`, and what it refers to under names that begin with it."""
    schema = adapter.json_schema(ref_template=f"{_COMPONENTS}{name}_{{model}}")
    inner = schema.pop("$defs", {})
    for part, definition in (
        {name: schema} | {f"{name}_{model}": definition for model, definition in inner.items()}
    ).items():
        found[part.replace("__", "_")] = _tidy(definition)


def _tidy(value: Any) -> Any:
    """Without the titles that pydantic makes of names, and without defaults that only stand for `left out`."""
    if isinstance(value, list):
        return [_tidy(each) for each in value]
    if not isinstance(value, dict):
        return value
    if isinstance(target := value.get("$ref"), str):
        return {"$ref": target.replace("__", "_")}
    dropped = {name for name in ("title", "default") if isinstance(value.get(name), str)}
    return {name: _tidy(member) for name, member in value.items() if name not in dropped}
