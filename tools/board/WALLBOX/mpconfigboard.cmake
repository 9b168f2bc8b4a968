set(IDF_TARGET esp32)

# Least RAM: `make ... CMAKE_ARGS=-DWALLBOX_FROZEN=1`.
if(WALLBOX_FROZEN)
    set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
    set(WALLBOX_PARTITIONS partitions-frozen.csv)
    # Two of them must fit: smaller code, as in MicroPython's own variant with two applications
    # (ports/esp32/boards/ESP32_GENERIC/sdkconfig.ota).
    set(WALLBOX_SIZE
        "CONFIG_COMPILER_OPTIMIZATION_SIZE=y\n"
        "CONFIG_COMPILER_OPTIMIZATION_PERF=n\n"
        "CONFIG_COMPILER_OPTIMIZATION_CHECKS_SILENT=y\n"
        # Set in boards/sdkconfig.base as well; without it a bad version would stay.
        "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y\n"
    )
else()
    set(WALLBOX_PARTITIONS partitions.csv)
    set(WALLBOX_SIZE "")
endif()

# The path of the partition table is written here, because sdkconfig files know no variables and
# the build looks for a relative one in the port's own folder.
set(WALLBOX_SDKCONFIG ${CMAKE_BINARY_DIR}/sdkconfig.wallbox)
file(WRITE ${WALLBOX_SDKCONFIG}
    "CONFIG_ESPTOOLPY_FLASHSIZE_4MB=y\n"
    "CONFIG_PARTITION_TABLE_CUSTOM=y\n"
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${MICROPY_BOARD_DIR}/${WALLBOX_PARTITIONS}\"\n"
    ${WALLBOX_SIZE}
)

set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    ${WALLBOX_SDKCONFIG}
)
