"""Outputs of definitions: worked out, sent when they change, repeated, mistakes named."""

from firmware.codec.rtu import FrameError
from firmware.meter.outputs import ModbusOutputs, OutputError, Outputs

VALUES = {"on": 0, "power_w": 1500, "share": 0.5, "unknown": None}


def all_of(outputs, now):
    sent = []
    while (order := outputs.next(now)) is not None:
        sent.append(order)
    return sent


def test_formulas_are_worked_out_in_address_and_body():
    values = dict(VALUES)
    outputs = Outputs(
        [
            {"address": "/relay/0?turn=${if on`on`off}"},
            {
                "address": "http://${address}/x/${id}",
                "body": '{"p": ${power_w * 2}, "s": ${share}}',
            },
            {"address": ""},
            {"address": "/y?${unknown}"},
        ],
        values.get,
        "10.0.0.5",
        7,
    )
    assert all_of(outputs, 0) == [
        ("/relay/0?turn=off", ""),
        ("http://10.0.0.5/x/7", '{"p": 3000, "s": 0.5}'),
    ]
    assert all_of(outputs, 1000) == []
    values["on"] = 1
    assert all_of(outputs, 2000) == [("/relay/0?turn=on", "")]
    values["unknown"] = 3
    assert all_of(outputs, 3000) == [("/y?3", "")]


def test_an_output_may_be_repeated():
    outputs = Outputs([{"address": "#30#/alive"}], VALUES.get)
    sent = [now for now in range(0, 100000, 1000) if all_of(outputs, now)]
    assert sent == [0, 30000, 60000, 90000]


def test_what_failed_is_sent_again():
    outputs = Outputs([{"address": "/a"}, {"address": "/b"}], VALUES.get)
    first = all_of(outputs, 0)
    outputs.failed(first[1])
    assert all_of(outputs, 1000) == [("/b", "")]


def test_mistakes_are_named():
    for wrong, expected in (
        ({}, "outputs is a list of at most 32 objects"),
        ([{}] * 33, "outputs is a list of at most 32 objects"),
        ([5], "an output is an object with an address"),
        ([{"address": 5}], "an output is an object with an address"),
        ([{"address": "#x#/a"}], "behind # belong seconds and another #"),
        ([{"address": "/${1"}], "${ is never closed"),
        ([{"address": "/${1 +}"}], "a value is missing at position 3"),
        ([{"address": "/${if 1`x}"}], "${if formula`one`other} has two texts"),
        ([{"address": "/", "body": "x" * 401}], "longer than 400 characters"),
    ):
        try:
            Outputs(wrong, VALUES.get)
        except OutputError as error:
            assert str(error) == expected, str(error)
        else:
            raise AssertionError(wrong)


class Master:
    def order(self, *order):
        self.ordered = order


def test_outputs_of_a_modbus_meter_are_registers():
    values = dict(VALUES)
    outputs = Outputs([{"address": "0x10", "body": "${power_w}"}, {"address": "7"}], values.get)
    device = ModbusOutputs(5, outputs)
    master = Master()
    orders = []
    for error in (None, FrameError("no answer"), None):
        if device.due(0):
            device.ask(master, 0)
            orders.append(master.ordered)
            if error:
                device.failed(error, 0)
            else:
                device.answered(master, 0)
    assert orders == [(5, 6, 16, 1500), (5, 6, 7, 0)]
    assert device.due(1000), "what was lost is said again"
    device.ask(master, 1000)
    refusal = FrameError("exception 2")
    refusal.code = 2
    device.failed(refusal, 1000)
    assert not device.due(2000) and not device.due(2000), "what is refused is not"
    values["power_w"] = -1
    assert device.due(3000)
    device.ask(master, 3000)
    assert master.ordered == (5, 6, 16, 0xFFFF)
