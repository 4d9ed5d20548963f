"""What the database itself refuses: triggers, which SQLite and PostgreSQL write differently."""

from __future__ import annotations

from dataclasses import dataclass

from peewee import Database, PostgresqlDatabase


@dataclass(frozen=True, slots=True)
class Guard:
    """Refuses an `act` (DELETE or UPDATE) on rows of `table` where `refused`, an expression of OLD and NEW, holds."""

    name: str
    table: str
    act: str
    refused: str
    sentence: str


def post(db: Database, guard: Guard) -> None:
    """Let the guard stand from now on."""
    for sql in _postgresql(guard) if isinstance(db, PostgresqlDatabase) else _sqlite(guard):
        db.execute_sql(sql)


def _sqlite(guard: Guard) -> tuple[str, ...]:
    return (
        f"CREATE TRIGGER {guard.name} BEFORE {guard.act} ON {guard.table} WHEN {guard.refused} "
        f"BEGIN SELECT RAISE(ABORT, '{guard.sentence}'); END",
    )


def _postgresql(guard: Guard) -> tuple[str, ...]:
    # What stands after WHEN cannot look at other tables there.
    function = f"""
        CREATE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF {guard.refused} THEN
                RAISE EXCEPTION '{guard.sentence}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        END $$
    """
    trigger = f"""
        CREATE TRIGGER {guard.name} BEFORE {guard.act} ON {guard.table}
        FOR EACH ROW EXECUTE FUNCTION {guard.name}()
    """
    return function, trigger
