set(IDF_TARGET esp32)

# The path of the partition table is written here, because sdkconfig files know no variables and
# the build looks for a relative one in the port's own folder.
set(WALLBOX_SDKCONFIG ${CMAKE_BINARY_DIR}/sdkconfig.wallbox)
file(WRITE ${WALLBOX_SDKCONFIG}
    "CONFIG_ESPTOOLPY_FLASHSIZE_4MB=y\n"
    "CONFIG_PARTITION_TABLE_CUSTOM=y\n"
    "CONFIG_PARTITION_TABLE_CUSTOM_FILENAME=\"${MICROPY_BOARD_DIR}/partitions.csv\"\n"
)

set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    ${WALLBOX_SDKCONFIG}
)

# Least RAM: `make ... CMAKE_ARGS=-DWALLBOX_FROZEN=1`.
if(WALLBOX_FROZEN)
    set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
endif()
