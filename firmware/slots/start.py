"""What a start from a slot leaves to do: say why, tidy up, list the pins, watch the trial."""

import os

from firmware.slots import choice

_COILS = ("contactor", "phase_contactor", "lock", "residual_test", "pilot_disconnect")


def begin(app) -> list:
    """The coroutines that the app has to run: the trial of a new version, or none."""
    slot = choice.running()[0]
    try:
        _tidy(app, slot)
        if choice.form() == "application" and not choice.on_trial():
            choice.confirm(slot, app.system.image_partition())
    except OSError as error:
        app.log.error("update", f"the flash refused: {error}")
    trial = []
    if slot and choice.on_trial():
        from firmware.slots.trial import watch

        trial.append(watch(app, slot))
    choice.forget()
    return trial


def _tidy(app, slot):
    why = " ".join(choice.words("why"))
    if why:
        app.log.warning("update", why)
        os.rename(choice.FOLDER + "why", choice.FOLDER + "why.old")
    for name in ("a.img.new", "b.img.new"):
        choice.drop(name)
    if slot:
        _list_pins(app.board.wiring, slot)


def _list_pins(wiring, slot):
    """For the next start: boot.py makes the outputs safe before it looks for the image."""
    coils = [wiring[name] for name in _COILS if wiring.get(name) is not None]
    pins = [wiring["name"], slot, wiring["pilot_pwm"]] + coils
    words = [str(word) for word in pins]
    if choice.words("pins") != words:
        choice.keep("pins", " ".join(words))
