from firmware.api.box import Box
from firmware.api.devices import Devices
from firmware.log import Log
from firmware.meters import Meters
from firmware.settings import Settings


class Counter:
    def __init__(self):
        self.count = 0
        self.at = None

    def value(self):
        return self.count

    def closed(self):
        return True


class Board:
    def __init__(self):
        self.counters = [Counter(), Counter()]

    def s0(self, index):
        return self.counters[index]


class Ledger:
    def __init__(self, **values):
        self.values = values

    def value(self, name):
        return self.values.get(name.replace(".", "_"), 0)

    def raise_to(self, name, value):
        self.values[name.replace(".", "_")] = value


class Measured:
    def __init__(self):
        self.at = 0
        self.known = False
        self.current_ma = [0, 0, 0]
        self.power_w = 0
        self.energy_wh = None


class Own:
    """Stands for the charge point in the device list; `attached` names its meter."""

    def __init__(self, entry):
        self.dev_id = entry["dev_id"]
        self.entry = entry
        self.attached = ""

    def value(self, name):
        return self.attached if name == "attach" else None


class Fitted:
    phase_contactor = True


class Phases:
    active = 3


class Visit:
    def __init__(self):
        self.counter_wh = None
        self.total_wh = 0


class Point:
    def __init__(self):
        self.measured = Measured()
        self.fitted = Fitted()
        self.phases = Phases()
        self.transaction = Visit()


def built(entries, ledger):
    settings = Settings({})
    for entry in entries:
        settings.put("devices", entry)
    log = Log(None, None)
    board = Board()
    devices = Devices(settings, log)
    box = Box()
    box.devices = devices
    box.log = log
    meters = Meters(board, box, ledger, None)
    devices.makers["evse_powerbrain"] = lambda devices, entry: Own(entry)
    devices.renew()
    return meters, devices, board


S0 = {"dev_id": "M1", "dev_type": "meter_powerbrain", "pulses_per_kwh": 1000, "role": 4}


def test_pulses_feed_the_charge_points_meter_and_the_ledger():
    ledger = Ledger()
    meters, devices, board = built([S0], ledger)
    point = Point()
    for second in range(20):
        board.counters[0].count += 3  # 3 Wh per second: 10.8 kW
        meters.update(point, 1000 * second)
        meters.keep(devices.get("M1"))
    assert point.measured.known
    assert point.measured.energy_wh == 60
    assert 10700 <= point.measured.power_w <= 10900
    assert ledger.values == {"M1_p": 60, "M1_wh": 60}


def test_counts_go_on_from_the_ledger_after_a_restart():
    meters, devices, board = built([S0], Ledger(M1_p=5000, M1_wh=5000))
    point = Point()
    meters.update(point, 0)
    assert devices.get("M1").info(0)["import"] == 5000
    board.counters[0].count += 10
    meters.update(point, 1000)
    assert devices.get("M1").info(1000)["import"] == 5010


def test_the_second_input_is_chosen_by_its_address():
    meters, devices, board = built([S0 | {"address": "meter2:"}], Ledger())
    board.counters[1].count = 7
    point = Point()
    meters.update(point, 0)
    assert point.measured.energy_wh == 7


def test_a_meter_in_another_role_is_not_taken_for_the_cars():
    meters, devices, board = built([S0 | {"role": 3}], Ledger())
    point = Point()
    meters.update(point, 0)
    assert not point.measured.known


def test_a_stale_meter_is_no_measurement():
    meters, devices, board = built([S0 | {"dev_type": "meter_ajax"}], Ledger())
    point = Point()
    devices.get("M1").set({"power_w": 500}, 0)
    meters.update(point, 1000)
    assert point.measured.known and point.measured.power_w == 500
    meters.update(point, 91000)
    assert not point.measured.known


def test_the_meter_that_the_charge_point_names_wins_over_the_role():
    other = {"dev_id": "M2", "dev_type": "meter_ajax", "role": 1}
    meters, devices, board = built([S0, other], Ledger())
    devices.get("E1").attached = "M2"
    devices.get("M2").set({"power_w": 4321}, 0)
    point = Point()
    meters.update(point, 1000)
    assert point.measured.power_w == 4321


def test_a_meter_that_was_replaced_goes_on_where_the_old_one_was():
    entry = S0 | {"dev_type": "meter_ajax"}
    meters, devices, board = built([entry], Ledger(M1_wh=9000, M1_xwh=70))
    device = meters._restored(devices.get("M1"))
    assert device.info(0)["import"] == 9000 and device.info(0)["export"] == 70
    for count in range(100, 112):
        device.set({"import_wh": count}, 0)
    assert 9000 < device.info(0)["import"] <= 9012


def test_pulses_on_one_phase_are_a_current_on_one_phase():
    meters, devices, board = built([S0], Ledger())
    point = Point()
    point.phases.active = 1
    for second in range(20):
        board.counters[0].count += 1  # 3.6 kW
        meters.update(point, 1000 * second)
    assert point.measured.current_ma[1:] == [0, 0]
    assert 15000 <= point.measured.current_ma[0] <= 16000


def test_what_the_meter_counted_during_a_restart_is_not_lost():
    meters, devices, board = built([S0 | {"dev_type": "meter_ajax"}], Ledger(E1_M1=9000))
    point = Point()
    devices.get("M1").set({"import_wh": 9012}, 0)
    meters.update(point, 1000)
    assert point.transaction.counter_wh == 9000 and point.measured.energy_wh == 9012


def test_another_meter_for_the_charge_point_begins_with_its_next_count():
    other = {"dev_id": "M2", "dev_type": "meter_ajax"}
    ledger = Ledger(E1_M1=9000, E1_M2=20000)
    meters, devices, board = built([S0 | {"dev_type": "meter_ajax"}, other], ledger)
    point = Point()
    devices.get("M1").set({"import_wh": 9012}, 0)
    devices.get("M2").set({"import_wh": 25000}, 0)
    meters.update(point, 1000)
    devices.get("E1").attached = "M2"
    meters.update(point, 2000)
    assert point.transaction.counter_wh is None and point.measured.energy_wh == 25000


def test_energy_is_booked_with_the_count_it_belongs_to():
    ledger = Ledger()
    meters, devices, board = built([S0], ledger)
    point = Point()
    meters.update(point, 1000)
    point.transaction.counter_wh = 77
    point.transaction.total_wh = 40
    meters.book(point.transaction)
    assert ledger.values["E1_M1"] == 77 and ledger.values["E1_wh"] == 40
