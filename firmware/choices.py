"""What the settings of the section `charge` mean for the charge point."""

from firmware.charge.signals import Refused
from firmware.charge.wake import DEFAULT_RECIPE, parse
from firmware.schema import SettingError


def options(charge) -> dict:
    """The section `charge` as ChargePoint.configure takes it."""
    return {
        "max_current_ma": charge.max_current_ma,
        "minimum_ma": charge.min_current_ma,
        "phase_switching": charge.phase_switching,
        "phase_gap_s": charge.phase_pause_s,
        "phase_interval_s": charge.phase_interval_s,
        "random_delay_s": charge.random_delay_s,
        "wake": charge.wake_up,
        "wake_most": charge.wake_most,
        "wake_recipe": charge.wake_recipe or DEFAULT_RECIPE,
    }


def judge(taken: dict):
    """SettingError for values that only the charge point can judge, before they are taken."""
    recipe = taken.get("charge.wake_recipe")
    if recipe:
        try:
            parse(recipe)
        except Refused as error:
            raise SettingError("charge.wake_recipe", recipe, str(error))
