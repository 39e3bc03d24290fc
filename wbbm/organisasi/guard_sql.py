"""How each engine writes, installs and reads a guard's triggers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    from .guards import Guard, Kept

ALWAYS_REFUSED = "1 = 1"
_PREFIX = "guard_"
_OUTPUTS = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD", "TRUNCATE": "NULL"}


@dataclass(frozen=True)
class Trigger:
    """One trigger; the fingerprint is what the database must say of it."""

    name: str
    table: str
    event: str
    body: str
    fingerprint: str


def _name(table: str, event: str) -> str:
    return f"{_PREFIX}{table}_{event.lower()}"


def _takes_the_place(table: str, kept: Kept, event: str) -> str:
    """Return the condition that another row, one that is kept, has one of NEW's keys."""
    # The row's hidden number is a key as well, where the primary key is no other name of it.
    keys = (("rowid",), *(key for key in kept.keys if key != ("id",)))
    tests = " OR ".join("(" + " AND ".join(f"t.{name} = NEW.{name}" for name in key) + ")" for key in keys)
    parts = [f"({tests})", kept.condition, "t.rowid <> OLD.rowid" if event == "UPDATE" else ""]
    return f"EXISTS (SELECT 1 FROM {table} t WHERE {' AND '.join(part for part in parts if part)})"


class SQLite:
    """One trigger for each event; RAISE is its refusal."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection

    def triggers(self, guard: Guard) -> Iterator[Trigger]:
        """Write a guard's triggers."""
        conditions = dict(guard.refuse)
        for event in ("INSERT", "UPDATE") if guard.kept else ():
            known = conditions.get(event, "")
            if known != ALWAYS_REFUSED:
                taken = [_takes_the_place(guard.table, kept, event) for kept in guard.kept]
                conditions[event] = " OR ".join(f"({part})" for part in (known, *taken) if part)
        for event, condition in sorted(conditions.items()):
            name = _name(guard.table, event)
            plain = condition.replace("IS DISTINCT FROM", "IS NOT")
            body = (
                f"CREATE TRIGGER {name} BEFORE {event} ON {guard.table} WHEN {plain} "
                f"BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
            )
            yield Trigger(name, guard.table, event, body, body)

    def install(self, cursor: Any, trigger: Trigger) -> None:
        """Install a trigger, in place of what has its name."""
        self.remove(cursor, trigger)
        cursor.execute(trigger.body)

    def remove(self, cursor: Any, trigger: Trigger) -> None:
        """Take a trigger away."""
        cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name}")

    def standing(self, cursor: Any) -> dict[str, str]:
        """Return the text of every trigger of ours that is there."""
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND substr(name, 1, 6) = 'guard_'")
        return dict(cursor.fetchall())


class PostgreSQL:
    """A function and a trigger for each event; the trigger is ALWAYS on, replicas and restores included."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection

    def triggers(self, guard: Guard) -> Iterator[Trigger]:
        """Write a guard's triggers."""
        conditions = guard.refuse | ({"TRUNCATE": ALWAYS_REFUSED} if guard.truncate else {})
        for event, condition in sorted(conditions.items()):
            body = (
                f"BEGIN IF {condition} THEN RAISE EXCEPTION '{guard.message}' "
                f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {_OUTPUTS[event]}; END"
            )
            name = _name(guard.table, event)
            yield Trigger(name, guard.table, event, body, f"{guard.table} {event} A {body}")

    def install(self, cursor: Any, trigger: Trigger) -> None:
        """Install a trigger with its function, in place of what has its name."""
        each = "STATEMENT" if trigger.event == "TRUNCATE" else "ROW"
        cursor.execute(
            f"CREATE OR REPLACE FUNCTION {trigger.name}() RETURNS trigger LANGUAGE plpgsql "
            f"AS $guard${trigger.body}$guard$"
        )
        cursor.execute(
            f"CREATE OR REPLACE TRIGGER {trigger.name} BEFORE {trigger.event} ON {trigger.table} "
            f"FOR EACH {each} EXECUTE FUNCTION {trigger.name}()"
        )
        cursor.execute(f"ALTER TABLE {trigger.table} ENABLE ALWAYS TRIGGER {trigger.name}")

    def remove(self, cursor: Any, trigger: Trigger) -> None:
        """Take a trigger away; its function stays and does nothing."""
        cursor.execute(f"DROP TRIGGER IF EXISTS {trigger.name} ON {trigger.table}")

    def standing(self, cursor: Any) -> dict[str, str]:
        """Return table, event, state and body of every trigger of ours that is there."""
        cursor.execute(
            """
            SELECT t.tgname, c.relname,
                   CASE WHEN t.tgtype & 4 > 0 THEN 'INSERT' WHEN t.tgtype & 8 > 0 THEN 'DELETE'
                        WHEN t.tgtype & 16 > 0 THEN 'UPDATE' ELSE 'TRUNCATE' END,
                   t.tgenabled, p.prosrc
            FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE NOT t.tgisinternal AND t.tgname LIKE 'guard\\_%' AND p.proname = t.tgname
              AND c.relnamespace = current_schema()::regnamespace AND t.tgqual IS NULL AND t.tgtype & 2 > 0
            """
        )
        return {name: f"{table} {event} {state} {body}" for name, table, event, state, body in cursor.fetchall()}
