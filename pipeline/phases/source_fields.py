"""The fields of a run's sources that a selection names: found by their exact names, and checked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from ...schemas.errors import UsageError
from ...schemas.other_fields import OTHER_FIELDS, json_rows, lift_fields
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunTable
from ...schemas.source import Source
from ...storage import files, parquet

_SHARDS_SHOWN = 3


@dataclass(slots=True)
class SourceFields:
    """The own fields of all sources, and those of them that are used."""

    names: dict[str, None] = field(default_factory=dict)
    """The names of all columns, in order; those inside OTHER_FIELDS only if they are used."""
    types: dict[str, list[pa.DataType]] = field(default_factory=dict)
    """The types of each used field, one for each source that has it."""
    spellings: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """By lower-case name: the names of used fields, with the shards that have each."""

    def add(self, name: str, shard: str) -> None:
        """Note that ``shard`` has a field that is used, or one that differs from it in case."""
        self.names.setdefault(name)
        self.spellings.setdefault(name.lower(), {}).setdefault(name, []).append(shard)

    def check_case(self, option_of: Mapping[str, str]) -> None:
        """Raise UsageError if a used field has another name that differs only in case.

        A sample could otherwise hide a field from a condition. ``option_of`` has the option, and
        its value, that uses each field.
        """
        for name, option in option_of.items():
            spelled = self.spellings.get(name.lower(), {})
            if name in spelled and len(spelled) > 1:
                where = "; ".join(f"{each!r} in {_some(spelled[each])}" for each in spelled)
                raise UsageError(
                    f"{option}: fields that differ only in case: {where}; rename all but one"
                )

    def schema(self) -> pa.Schema:
        """Return the used fields with types that fit all sources. Raises UsageError if none do."""
        unified = []
        for name, kinds in self.types.items():
            alike = [pa.schema([(name, kind)]) for kind in dict.fromkeys(kinds)]
            try:
                unified.append(pa.unify_schemas(alike, promote_options="permissive").field(0))
            except pa.ArrowException as error:
                raise UsageError(f"the field {name!r} differs between sources: {error}") from error
        return pa.schema(unified)


def source_fields(
    run_dir: RunDirectory, sources: Sequence[Source], used: frozenset[str], ours: Collection[str]
) -> SourceFields:
    """Return the fields of ``sources``, without evenpair's own columns ``ours``.

    No table is opened if none is used.
    """
    fields = SourceFields()
    if not used:
        return fields
    lower = {name.lower() for name in used}
    paths = [run_dir.table(RunTable.SCORES, source.name) for source in sources]
    for source, path, schema in zip(
        sources, paths, files.each(parquet.read_schema, paths), strict=True
    ):
        own = [column for column in schema if column.name not in ours]
        fields.names.update(dict.fromkeys(column.name for column in own))
        if OTHER_FIELDS in schema.names:
            rest = parquet.read_table(path, [OTHER_FIELDS])
            own += [*lift_fields(rest, used - {*schema.names}).schema][1:]
            names = dict.fromkeys(name for row in json_rows(rest) for name in row)
            own += [pa.field(name, pa.null()) for name in names if name not in used]
        for column in own:
            if column.name.lower() in lower:
                fields.add(column.name, source.name)
                if column.name in used:
                    fields.types.setdefault(column.name, []).append(column.type)
    return fields


def _some(shards: Iterable[str]) -> str:
    """Return the first shards of those that have a field."""
    names = list(dict.fromkeys(shards))
    more = f" and {len(names) - _SHARDS_SHOWN} more" if len(names) > _SHARDS_SHOWN else ""
    return ", ".join(names[:_SHARDS_SHOWN]) + more
