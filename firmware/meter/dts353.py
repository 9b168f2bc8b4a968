"""YTL DTS353: the three-phase meter on the box's own RS485 line (unit 101, 9600 8E1)."""

from firmware.meter.register_map import RegisterMap

# The maker's "DTS353 Modbus registers": floats, high word first, in V, A, kW and kWh. The
# bridges are frequency (0x14) and the import per phase (0x10A to 0x10E).
_REGISTERS = """\
voltage_l1 0x0E float 1
voltage_l2 0x10 float 1
voltage_l3 0x12 float 1
- 0x14 float 1
current_l1 0x16 float 1000
current_l2 0x18 float 1000
current_l3 0x1A float 1000
power_w 0x1C float 1000
import_wh 0x108 float 1000
- 0x10A float 1
- 0x10C float 1
- 0x10E float 1
export_wh 0x110 float 1000
"""


def registers() -> RegisterMap:
    return RegisterMap(_REGISTERS)
