"""The settings in force: changed as a whole or not at all, loaded from documents of any origin."""

from firmware.schema import MASK, SettingError, check, default, masked, record, row, rows

VERSION = 1
SECTIONS = ("params", "charge", "mqtt", "network")
# The lists of the document: name, section of the table that describes an entry, its identity.
LISTS = (
    ("devices", "device", "dev_id"),
    ("users", "user", "id"),
    ("variables", "variable", "name"),
    ("plans", "plan", "dev_id"),
)
# What is read once, when the charge point is built.
BUILT_IN = ("charge.phases", "charge.ventilation", "charge.lock")
_LISTED = ("devices", "users", "variables", "plans")
_MOST_ENTRIES = 32


class Section:
    """The values of one section, each an attribute; repr never shows them (secrets)."""


class Settings:
    """The values in force: `params`, `charge`, `mqtt`, `network` by attribute, and four lists.

    `board` names the hardware's limits: `max_current_ma`, `phases`, `phase_contactor`,
    `ventilation`. `revision` counts the changes that belong into flash, `changes` all of them;
    `changed(names)`, when the app sets it, is called after each with the names of what changed.
    """

    def __init__(self, board: dict | None = None):
        self.board = board or {}
        self.changed = None
        self.judge = None  # called with what `change` is about to take; may raise SettingError
        self.reset()
        self.revision = 0
        self.changes = 0

    def reset(self):
        """Back to the defaults, as far as the board carries them."""
        self.devices = [{"dev_id": "E1", "dev_type": "evse_powerbrain"}]
        self.users = []
        self.variables = []
        self.plans = []
        self.aside = {}
        for section in SECTIONS:
            values = Section()
            for line in rows(section):
                setattr(values, line[0], default(line))
            setattr(self, section, values)
        charge = self.charge
        charge.max_current_ma = min(charge.max_current_ma, self.board.get("max_current_ma", 80000))
        charge.phases = min(charge.phases, self.board.get("phases", 3))

    def get(self, name: str):
        """The value of `section.name`."""
        section, name = name.split(".")
        return getattr(getattr(self, section), name)

    def change(self, values: dict) -> list:
        """Check all of {"section.name": value}, then apply all; the names that changed.

        SettingError: one value cannot be taken, and nothing has changed.
        """
        taken = {}
        for name, value in values.items():
            if name.split(".")[0] not in SECTIONS:
                raise SettingError(name, MASK, "a known setting")
            taken[name] = self._unmasked(name, check(name, value))
        self.agree(taken)
        if self.judge:
            self.judge(taken)
        names = [name for name, value in taken.items() if value != self.get(name)]
        for name in names:
            section, member = name.split(".")
            setattr(getattr(self, section), member, taken[name])
        self._note(names, any(row(name)[5] != "ram" for name in names))
        return names

    def _unmasked(self, name, value):
        # A client that sends back what it was shown does not mean to change the password.
        if isinstance(value, str) and MASK in value:
            if value == masked(row(name), self.get(name)):
                return self.get(name)
            raise SettingError(name, MASK, "the real password instead of the stars")
        return value

    def agree(self, taken: dict):
        """SettingError when {"section.name": value} contradicts the board or what is in force."""

        def refuse(name, wrong, expected):
            if wrong:
                raise SettingError("charge." + name, value(name), expected)

        def value(name):
            name = "charge." + name
            return taken[name] if name in taken else self.get(name)

        board = self.board
        most = board.get("max_current_ma", 80000)
        highest = value("max_current_ma")
        refuse("max_current_ma", highest > most, f"at most {most}, the limit of this board,")
        refuse("min_current_ma", value("min_current_ma") > highest, "at most the maximum")
        refuse("phases", value("phases") > board.get("phases", 3), "no more than the board has")
        switching = value("phase_switching")
        second = board.get("phase_contactor") is not None
        refuse("phase_switching", switching and not second, "off, without a second contactor,")
        needed = (("contactor_mirror", "mirror contact"), ("pilot_disconnect", "CP relay"))
        for name, what in needed:
            without = switching and board.get(name) is None
            refuse("phase_switching", without, f"off, without a {what} on this board,")
        one = value("phases") != 3
        refuse("phase_switching", switching and one, "off, while charge.phases is not 3,")
        ventilated = value("ventilation") and not board.get("ventilation")
        refuse("ventilation", ventilated, "off, without a ventilation output on this board,")

    def fitted(self, hardware: dict) -> dict:
        """What the installer has left of the hardware (Board.fitted), for the charge point.

        The settings named in BUILT_IN take effect when the box starts.
        """
        charge = self.charge
        chosen = {"phases": min(hardware["phases"], charge.phases)}
        chosen["ventilation"] = hardware["ventilation"] and charge.ventilation
        chosen["lock"] = hardware["lock"] and charge.lock
        return hardware | chosen

    def _note(self, names, kept):
        if kept:
            self.revision += 1
        if names:
            self.changes += 1
            if self.changed:
                self.changed(names)

    def renewed(self):
        """Say that a whole document was loaded that has to be kept."""
        self._note(list(SECTIONS) + list(_LISTED), True)

    def find(self, listed: str, key: str) -> dict | None:
        """The entry of one of the lists with this id; None when there is none."""
        for name, _, identity in LISTS:
            if name == listed:
                for entry in getattr(self, listed):
                    if entry[identity] == key:
                        return entry
        return None

    def put(self, listed: str, values: dict) -> bool:
        """Check one list entry, then add it or change the members given; True if it differed."""
        _, section, identity = next(entry for entry in LISTS if entry[0] == listed)
        taken = record(section, values)
        if identity not in taken:
            raise SettingError(section + "." + identity, None, "its name")
        entry = self.find(listed, taken[identity])
        if entry is None:
            if section == "device" and "dev_type" not in taken:
                raise SettingError("device.dev_type", None, "the type of a new device")
            if len(getattr(self, listed)) >= _MOST_ENTRIES:
                raise SettingError(listed, taken[identity], f"at most {_MOST_ENTRIES} entries")
            getattr(self, listed).append(taken)
        elif all(entry.get(name) == value for name, value in taken.items()):
            return False
        else:
            entry.update(taken)
        self._note([listed], True)
        return True

    def remove(self, listed: str, key: str) -> bool:
        """Take an entry out of a list; False when it was not there."""
        entry = self.find(listed, key)
        if entry is None:
            return False
        getattr(self, listed).remove(entry)
        self._note([listed], True)
        return True

    def load(self, document) -> list:
        """Take a document of unknown origin; messages say what was not taken and why.

        SettingError: not a document, or of a newer version; the values in force stay.
        """
        from firmware.settings_reader import read

        return read(self, document)

    def document(self) -> dict:
        """Everything that belongs into flash, secrets included: for the store only."""
        answer = {"version": VERSION}
        for section in SECTIONS:
            kept = answer[section] = {}
            for line in rows(section):
                value = self.get(section + "." + line[0])
                if line[5] != "ram" and value != default(line):
                    kept[line[0]] = value
        for listed, _, _ in LISTS:
            answer[listed] = getattr(self, listed)
        if self.aside:
            answer["aside"] = self.aside
        return answer

    def shown(self, section: str) -> dict:
        """All values of a section as anyone may see them: secrets are stars."""
        answer = dict(getattr(self, section).__dict__)
        for name, value in answer.items():
            if value and isinstance(value, str):
                answer[name] = masked(row(section + "." + name), value)
        return answer
