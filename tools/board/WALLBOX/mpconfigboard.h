// MicroPython for the wallbox: a ROM file system in flash, and no Bluetooth, whose 40 KiB of RAM
// the firmware needs more.
#define MICROPY_HW_BOARD_NAME "Open Wallbox"
#define MICROPY_HW_MCU_NAME "ESP32"

#define MICROPY_VFS_ROM (1)
#define MICROPY_PY_BLUETOOTH (0)
#define MICROPY_PY_ESPNOW (0)
