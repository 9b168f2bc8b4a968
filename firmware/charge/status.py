"""Everything worth knowing about a charge point, in plain values."""

from firmware.charge import blocks, pilot


def status(point) -> dict:
    """For the API, the panel and the console; allocates."""
    owner, value_ma = point.limits.ruling()
    return {
        "state": point.state_name(),
        "shown": point.shown,
        "level": pilot.LETTERS[point.level],
        "waking": point.waking(),
        "wake_count": point.waker.count,
        "enabled": point.enabled,
        "offered_ma": point.offered_ma,
        "limit_ma": value_ma,
        "limit_owner": owner,
        "limits": point.limits.table(point.inputs.now),
        "blocked": blocks.names(point.blocked),
        "contactor": point.outputs.contactor,
        "switches": point.contactor.switches,
        "switches_under_load": point.contactor.under_load,
        "diode_proved": point.pilot.proved,
        "toggles": point.pilot.toggles,
        "phases": point.phases.active,
        "phases_wanted": point.phases.wanted,
        "phases_fallback": point.phases.fallback,
        "cable_ma": point.chores.cable.rating_ma,
        "residual_tested": point.chores.residual.passed,
        "residual_due": point.chores.residual.due,
        "residual_age_ms": point.chores.residual.age_ms,
        "faults": point.faults.status(),
        "transaction": point.transaction.record(),
    }
